import type { Millis } from '@purertc/bytes'

/**
 * Spreads what the window allows over the round trip: a bucket that fills at the pace of the path, so that neither a
 * pause nor a SACK for much at once becomes a burst that overflows a queue (RFC 9406 §5, RFC 9002 §7.7).
 */
export class Pacer {
  /** Bytes a millisecond; `Infinity` while the round trip is unknown or too short to matter. */
  #rate = Infinity
  #budget = 0
  #filledAt = -Infinity

  /** Whether another packet may leave now. `burst`: bytes that may leave at once. */
  allows(now: Millis, burst: number): boolean {
    if (this.#rate === Infinity) return true
    this.#fill(now, burst)
    return this.#budget > 0
  }

  /** When the next packet of `size` bytes may leave. */
  next(now: Millis, size: number): number {
    return now + Math.max(shortestWait, (size - this.#budget) / this.#rate)
  }

  /** What leaves while nothing is spread is no debt: a pace that comes later would have to pay it off. */
  sent(bytes: number): void {
    if (this.#rate !== Infinity) this.#budget -= bytes
  }

  /** The window is paced out `gain` times in a round trip of so many milliseconds. */
  adjust(window: number, gain: number, roundTrip: number): void {
    this.#rate = roundTrip >= shortestRoundTrip ? (gain * window) / roundTrip : Infinity
  }

  #fill(now: Millis, burst: number): void {
    const most = Math.max(burst, this.#rate * longestGap)
    this.#budget = Math.min(this.#budget + (now - this.#filledAt) * this.#rate, most)
    this.#filledAt = now
  }
}

/** Timers are no finer. Milliseconds, as below. */
const shortestWait = 1
/** Of a shorter round trip nothing would be left to spread. */
const shortestRoundTrip = 4
/** A process that was busy for so long makes up for it at once. */
const longestGap = 4
