/**
 * Smoothed round-trip time and the retransmission timeout it yields, RFC 9260 §6.3.1. Karn's rule (never measure a
 * chunk that was sent twice) is kept by the caller, who picks the samples.
 */
export class RoundTripTime {
  readonly #min: number
  readonly #max: number
  #rto: number
  /** Milliseconds; `NaN` before the first measurement. */
  #smoothed = Number.NaN
  #variation = 0

  /** All in milliseconds. */
  constructor(limits: { readonly initial: number; readonly min: number; readonly max: number }) {
    this.#rto = limits.initial
    this.#min = limits.min
    this.#max = limits.max
  }

  /** The retransmission timeout in milliseconds. */
  get rto(): number {
    return this.#rto
  }

  /** The smoothed round-trip time in milliseconds, `undefined` before the first measurement. */
  get smoothed(): number | undefined {
    return Number.isNaN(this.#smoothed) ? undefined : this.#smoothed
  }

  measured(sample: number): void {
    if (Number.isNaN(this.#smoothed)) {
      this.#smoothed = sample
      this.#variation = sample / 2
    } else {
      this.#variation += beta * (Math.abs(this.#smoothed - sample) - this.#variation)
      this.#smoothed += alpha * (sample - this.#smoothed)
    }
    this.#rto = this.#clamp(this.#smoothed + 4 * this.#variation)
  }

  /** RFC 9260 §6.3.3 E2: a timer went off. */
  backOff(): void {
    this.#rto = this.#clamp(2 * this.#rto)
  }

  #clamp(rto: number): number {
    return Math.min(Math.max(rto, this.#min), this.#max)
  }
}

/** RTO.Alpha and RTO.Beta, RFC 9260 §16. */
const alpha = 1 / 8
const beta = 1 / 4
