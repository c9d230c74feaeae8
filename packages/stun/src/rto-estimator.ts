import type { Millis } from '@purertc/bytes'

/**
 * How long to wait for one server's answer before a request is sent again: RFC 6298 as RFC 8489 §6.2.1 takes it, with
 * one millisecond's accuracy and Karn's algorithm (no sample from a request that was sent more than once, and the
 * doubled wait stays until there is a sample).
 */
export class RtoEstimator {
  readonly #initial: number
  #smoothed = NaN
  #variation = 0
  #rto: number
  #usedAt = -Infinity

  /** `initial` milliseconds hold until the first sample, and again after ten minutes without a request. */
  constructor(initial: number) {
    this.#initial = initial
    this.#rto = initial
  }

  rto(now: Millis): number {
    if (now - this.#usedAt > STALE_AFTER) this.#forget()
    this.#usedAt = now
    return this.#rto
  }

  /** The answer to a request that was sent once took `rtt` ms. */
  sample(rtt: number): void {
    if (Number.isNaN(this.#smoothed)) {
      this.#smoothed = rtt
      this.#variation = rtt / 2
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - rtt)
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * rtt
    }
    this.#rto = clamp(Math.ceil(this.#smoothed + Math.max(1, 4 * this.#variation)))
  }

  /** A request had to be sent again: the next one waits as long as its second try did. */
  backOff(): void {
    this.#rto = Math.max(this.#rto, clamp(2 * this.#rto))
  }

  #forget(): void {
    this.#smoothed = NaN
    this.#rto = this.#initial
  }
}

function clamp(rto: number): number {
  return Math.min(MAX_RTO, Math.max(MIN_RTO, rto))
}

const STALE_AFTER = 600_000
/**
 * RFC 8489 names no lower bound, but a request lives for 79 times the RTO: on a fast path a server that is restarted must
 * not look dead.
 */
const MIN_RTO = 100
/** RFC 6298 §2.5 allows 60 s; nobody waits for 79 times that. */
const MAX_RTO = 3_000
