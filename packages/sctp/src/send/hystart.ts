import type { AcknowledgedNews } from './congestion-control.ts'

/**
 * HyStart++, RFC 9406: leaves the first slow start when round trips grow, before the path's queue overflows. A spell of
 * slower growth (conservative slow start) tells whether the delay was the path's own doing.
 */
export class HyStart {
  #lastRoundMin = Infinity
  #currentRoundMin = Infinity
  #groupMin = Infinity
  #samples = 0
  /** The least round trip when conservative slow start began, `NaN` outside of it. */
  #baseline = Number.NaN
  #roundsLeft = 0

  /** By how much less the window grows. */
  get growthDivisor(): number {
    return Number.isNaN(this.#baseline) ? 1 : conservativeDivisor
  }

  /** Whether slow start is over. */
  leaves({ roundTrip, endsRound }: AcknowledgedNews): boolean {
    if (endsRound) {
      if (!Number.isNaN(this.#baseline) && --this.#roundsLeft <= 0) return true
      this.#lastRoundMin = this.#currentRoundMin
      this.#currentRoundMin = Infinity
    }
    if (Number.isNaN(roundTrip)) return false
    if (roundTrip < this.#currentRoundMin) this.#currentRoundMin = roundTrip
    if (roundTrip < this.#groupMin) this.#groupMin = roundTrip
    if (++this.#samples < samplesNeeded) return false
    const least = this.#groupMin
    this.#samples = 0
    this.#groupMin = Infinity
    if (!Number.isNaN(this.#baseline)) {
      // The delay went away: slow start goes on.
      if (least < this.#baseline) this.#baseline = Number.NaN
    } else if (least >= this.#lastRoundMin + this.#threshold) {
      this.#baseline = least
      this.#roundsLeft = conservativeRounds
    }
    return false
  }

  get #threshold(): number {
    return Math.max(smallestThreshold, Math.min(this.#lastRoundMin / 8, largestThreshold))
  }
}

/** RFC 9406 §4.3: N_RTT_SAMPLE, MIN_RTT_THRESH, MAX_RTT_THRESH, CSS_GROWTH_DIVISOR, CSS_ROUNDS. */
const samplesNeeded = 8
const smallestThreshold = 4
const largestThreshold = 16
const conservativeDivisor = 4
const conservativeRounds = 5
