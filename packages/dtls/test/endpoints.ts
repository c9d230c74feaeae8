import { once } from 'node:events'
import { afterEach } from '@jest/globals'

import {
  connect,
  type ConnectOptions,
  createServer,
  type DtlsServer,
  type DtlsSocket,
  type ServerOptions,
} from '../src/node/index.ts'

/** Servers and sockets of ours on loopback, closed after the test that made them. */
export class Endpoints {
  readonly #open: { close(): void }[] = []

  constructor() {
    afterEach(() => {
      for (const one of this.#open.splice(0)) one.close()
    })
  }

  /** Closes something else with them. */
  keep<T extends { close(): void }>(one: T): T {
    this.#open.push(one)
    return one
  }

  /** A server on a port of its own. */
  async listen(options: ServerOptions, onSession?: (socket: DtlsSocket) => void): Promise<DtlsServer> {
    const server = this.keep(createServer(options, onSession))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }

  /** A socket whose handshake is on its way. */
  dial(port: number, options: Partial<ConnectOptions>): DtlsSocket {
    return this.keep(connect({ host: '127.0.0.1', port, ...options }))
  }

  /** A socket whose handshake is complete. Rejects with the error that ended it. */
  async connect(port: number, options: Partial<ConnectOptions>): Promise<DtlsSocket> {
    const socket = this.dial(port, options)
    await once(socket, 'secureConnect')
    return socket
  }
}
