import { Millis } from '@purertc/bytes'

import { encodeAck, listHeaderLength, type RecordNumber, recordNumberLength } from '../messages/ack.ts'

/**
 * The peer's handshake records that we have taken, RFC 9147 §7. They are acknowledged after a while, unless our next
 * flight, which says as much, goes out before. Those that have been acknowledged are named again with later ones, since
 * an ACK may be lost.
 */
export class Acknowledgements {
  #numbers: RecordNumber[] = []
  /** How many of them no ACK has named yet. */
  #unsent = 0
  /** Since when an ACK is due, and in how many milliseconds from then. */
  #armedAt: Millis = never
  #delay = 0

  get deadline(): Millis {
    return this.#armedAt === never ? never : Millis(this.#armedAt + this.#delay)
  }

  /** A record whose fragments are all taken, or were before. */
  note(epoch: number, sequence: number): void {
    if (this.#numbers.some((number) => number.epoch === epoch && number.sequence === sequence)) return
    if (this.#numbers.length === maxNumbers) this.#numbers.shift()
    this.#numbers.push({ epoch, sequence })
    this.#unsent++
  }

  /** Gives the peer so many milliseconds to complete its flight, unless a time was set before. */
  arm(now: Millis, delay: number): void {
    if (this.#armedAt !== never || this.#unsent === 0) return
    this.#armedAt = now
    this.#delay = delay
  }

  /** Another delay, also for what is waiting. */
  setDelay(delay: number): void {
    this.#delay = delay
  }

  /** An ACK of `room` bytes with the latest, in ascending order (RFC 9147 §7.1); null where there is no news. */
  take(room: number): Uint8Array | null {
    this.#armedAt = never
    if (this.#unsent === 0) return null
    this.#unsent = 0
    const latest = this.#numbers.slice(-countOf(room))
    return encodeAck(latest.sort((a, b) => a.epoch - b.epoch || a.sequence - b.sequence))
  }

  /** What was named in an ACK is not named again: the peer goes on. */
  forgetSent(): void {
    this.#numbers = this.#unsent === 0 ? [] : this.#numbers.slice(-this.#unsent)
  }

  clear(): void {
    this.#numbers = []
    this.#unsent = 0
    this.#armedAt = never
  }
}

/** How many numbers there is room for, one at least. */
const countOf = (room: number): number =>
  Math.max(Math.floor((room - listHeaderLength) / recordNumberLength), 1)

const never = Millis(Infinity)
/** Fits a small datagram. */
const maxNumbers = 32
