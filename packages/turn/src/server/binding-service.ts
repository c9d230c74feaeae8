import type { Millis } from '@purertc/bytes'
import { type StunMessage, StunServer, type TransportAddress } from '@purertc/stun'

import type { TurnServerConfig, TurnServerHost } from './config.ts'
import type { Responder } from './responder.ts'

/** Binding requests to a TURN server (RFC 8489 §12): a STUN server for each listener, whence its answers leave. */
export class BindingService {
  readonly #config: TurnServerConfig
  readonly #host: TurnServerHost
  readonly #responder: Responder
  readonly #servers = new Map<number, StunServer>()

  constructor(config: TurnServerConfig, host: TurnServerHost, responder: Responder) {
    this.#config = config
    this.#host = host
    this.#responder = responder
  }

  handleRequest(now: Millis, listener: number, client: TransportAddress, request: StunMessage): void {
    this.#serverOf(listener).handleMessage(now, client, ANY, request)
  }

  listenerClosed(listener: number): void {
    this.#servers.delete(listener)
  }

  #serverOf(listener: number): StunServer {
    let server = this.#servers.get(listener)
    if (server === undefined) {
      const { crypto, software } = this.#config
      server = new StunServer(software === undefined ? { crypto } : { crypto, software }, {
        transmit: (to, bytes) => this.#host.transmit(listener, to, bytes),
        answering: (_client, code) => {
          this.#responder.answered.count(code === null ? 'success' : `${code}`)
          return true
        },
      })
      this.#servers.set(listener, server)
    }
    return server
  }
}

/** A Binding server is told the address that a request came to, and hands it back: ours are told apart by number. */
const ANY: TransportAddress = { family: 'IPv4', address: '0.0.0.0', port: 0 }
