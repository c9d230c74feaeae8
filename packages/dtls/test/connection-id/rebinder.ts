import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import type { RemoteAddress } from '../../src/node/index.ts'

/** A NAT between a client and a server: it gives the client another port whenever it is told to. */
export class Rebinder {
  readonly #inside = createSocket('udp4')
  readonly #outsides: Socket[] = []
  #client: RemoteAddress | null = null
  readonly #server: number

  constructor(server: number) {
    this.#server = server
    this.#inside.on('message', (bytes, from) => {
      this.#client = from
      this.#outsides.at(-1)?.send(bytes, this.#server, '127.0.0.1')
    })
    this.#open()
  }

  /** The port that the client finds the server at. */
  async bind(): Promise<number> {
    this.#inside.bind(0, '127.0.0.1')
    await once(this.#inside, 'listening')
    return this.#inside.address().port
  }

  /** What the client sends comes from another port; `keeps` where the server is still heard by way of the former. */
  rebind(keeps = false): void {
    if (!keeps) this.#outsides.pop()?.close()
    this.#open()
  }

  close(): void {
    this.#inside.close()
    for (const outside of this.#outsides) outside.close()
  }

  #open(): void {
    const outside = createSocket('udp4')
    outside.on('message', (bytes) => {
      if (this.#client !== null) this.#inside.send(bytes, this.#client.port, this.#client.address)
    })
    this.#outsides.push(outside)
  }
}
