import type { HandshakeType } from '../../protocol/handshake-type.ts'

/** A handshake message of ours that the peer has not acknowledged in full, and which of its bytes it has. */
export class OutgoingMessage {
  /** The epoch it belongs to, however often it is sent. */
  readonly epoch: number
  readonly type: HandshakeType
  readonly sequence: number
  readonly body: Uint8Array
  /** One mark a byte: fragments differ from one sending to the next, as the MTU may. */
  readonly #arrived: Uint8Array
  #missing: number

  constructor(epoch: number, type: HandshakeType, sequence: number, body: Uint8Array) {
    this.epoch = epoch
    this.type = type
    this.sequence = sequence
    this.body = body
    // A message without content is one fragment as well.
    this.#arrived = new Uint8Array(Math.max(body.length, 1))
    this.#missing = this.#arrived.length
  }

  get isAcknowledged(): boolean {
    return this.#missing === 0
  }

  /** Whether that is news. */
  acknowledge(offset: number, length: number): boolean {
    const before = this.#missing
    const end = offset + Math.max(length, 1)
    for (let at = offset; at < end; at++) {
      if (this.#arrived[at] === 1) continue
      this.#arrived[at] = 1
      this.#missing--
    }
    return this.#missing < before
  }

  /** Nothing has arrived after all. */
  forgetArrivals(): void {
    this.#arrived.fill(0)
    this.#missing = this.#arrived.length
  }

  /** The first byte from `offset` on that has not arrived, -1 where there is none. */
  nextMissing(offset: number): number {
    return this.#arrived.indexOf(0, offset)
  }

  /** Bytes from `offset` on up to the next that has arrived. */
  missingRun(offset: number): number {
    const end = this.#arrived.indexOf(1, offset)
    return Math.min(end < 0 ? this.body.length : end, this.body.length) - offset
  }
}
