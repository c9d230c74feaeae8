import type { StunTransport, StunTransportHost } from '../stun-transport.ts'
import type { TransportAddress } from '../transport-address.ts'

/** Two UDP sockets as one transport, for a server that has addresses of both families. */
export class DualUdp implements StunTransport {
  readonly isReliable = false
  readonly local: TransportAddress
  readonly #first: StunTransport
  readonly #second: StunTransport

  /** `local` is the first one's. */
  constructor(first: StunTransport, second: StunTransport) {
    this.local = first.local
    this.#first = first
    this.#second = second
  }

  start(host: StunTransportHost): void {
    this.#first.start(host)
    this.#second.start(host)
  }

  send(to: TransportAddress, bytes: Uint8Array): void {
    const isFirst = to.family === this.#first.local.family
    if (isFirst) this.#first.send(to, bytes)
    else this.#second.send(to, bytes)
  }

  async close(): Promise<void> {
    await Promise.all([this.#first.close(), this.#second.close()])
  }
}
