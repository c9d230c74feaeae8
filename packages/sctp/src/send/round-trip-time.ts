/**
 * Smoothed round-trip time and the retransmission timeout it yields, RFC 9260 §6.3.1. Karn's rule (never measure a
 * chunk that was sent twice) is kept by the caller, who picks the samples.
 */
export class RoundTripTime {
  readonly #initial: number
  readonly #min: number
  readonly #max: number
  /** The timeout before back-off. */
  #base: number
  /** How often in a row timers have gone off without an answer. */
  #backOffs = 0
  /** Milliseconds; `NaN` before the first measurement. */
  #smoothed = Number.NaN
  #variation = 0
  /** What of it the path takes: smoothed without the time for which SACKs were held back. */
  #travel = Number.NaN

  /** All in milliseconds. */
  constructor(limits: { readonly initial: number; readonly min: number; readonly max: number }) {
    this.#initial = limits.initial
    this.#base = limits.initial
    this.#min = limits.min
    this.#max = limits.max
  }

  /** The retransmission timeout in milliseconds. */
  get rto(): number {
    return Math.min(this.#base * 2 ** this.#backOffs, this.#max)
  }

  /** The smoothed round-trip time in milliseconds, `undefined` before the first measurement. */
  get smoothed(): number | undefined {
    return Number.isNaN(this.#smoothed) ? undefined : this.#smoothed
  }

  /**
   * The smoothed time in milliseconds that the path takes, for what is paced by it; `NaN` before the first measurement. The
   * timeout must allow for SACKs that the peer holds back, but a flight of many packets draws them at once.
   */
  get travel(): number {
    return this.#travel
  }

  /** Nothing is known: another path is measured from now on. */
  restart(): void {
    this.#base = this.#initial
    this.#backOffs = 0
    this.#smoothed = Number.NaN
    this.#variation = 0
    this.#travel = Number.NaN
  }

  /** `isHeldBack`: the peer may have delayed its answer (RFC 9260 §6.2), so that the path took less. */
  measured(sample: number, isHeldBack = false): void {
    if (!isHeldBack || sample < this.#travel)
      this.#travel = Number.isNaN(this.#travel) ? sample : this.#travel + alpha * (sample - this.#travel)
    if (Number.isNaN(this.#smoothed)) {
      this.#smoothed = sample
      this.#variation = sample / 2
    } else {
      this.#variation += beta * (Math.abs(this.#smoothed - sample) - this.#variation)
      this.#smoothed += alpha * (sample - this.#smoothed)
    }
    this.#base = Math.min(Math.max(this.#smoothed + 4 * this.#variation, this.#min), this.#max)
    this.#backOffs = 0
  }

  /** RFC 9260 §6.3.3 E2: a timer went off. */
  backOff(): void {
    this.#backOffs++
  }

  /**
   * The peer acknowledged something new: the path works, so the next loss starts from the measured timeout. Waiting
   * for the next measurement, as RFC 9260 §6.3.1 does, would keep a minute's timeout over a lossy path, where
   * everything is a retransmission and Karn's rule forbids to measure.
   */
  answered(): void {
    this.#backOffs = 0
  }
}

/** RTO.Alpha and RTO.Beta, RFC 9260 §16. */
const alpha = 1 / 8
const beta = 1 / 4
