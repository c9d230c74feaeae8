import { Millis } from '@purertc/bytes'

import type { RecordNumber } from '../messages/ack.ts'

/**
 * The peer's handshake records that we have taken and not answered yet, RFC 9147 §7. They are acknowledged after a
 * while, unless our next flight, which says as much, goes out before.
 */
export class Acknowledgements {
  #numbers: RecordNumber[] = []
  #deadline: Millis = never

  get deadline(): Millis {
    return this.#deadline
  }

  get isEmpty(): boolean {
    return this.#numbers.length === 0
  }

  /** A record whose fragments are all taken, or were before. */
  note(epoch: number, sequence: number): void {
    if (this.#numbers.length === maxNumbers) this.#numbers.shift()
    this.#numbers.push({ epoch, sequence })
  }

  /** Gives the peer until then to complete its flight, unless a time was set before. */
  arm(at: Millis): void {
    if (this.#deadline === never && !this.isEmpty) this.#deadline = at
  }

  /** All of them, in ascending order (RFC 9147 §7.1), which are forgotten here. */
  take(): readonly RecordNumber[] {
    const numbers = this.#numbers.sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence)
    this.clear()
    return numbers
  }

  clear(): void {
    this.#numbers = []
    this.#deadline = never
  }
}

const never = Millis(Infinity)
/** Fits a small datagram. */
const maxNumbers = 32
