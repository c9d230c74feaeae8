import type { Millis } from '@purertc/bytes'

import type { AcknowledgedNews, CongestionControl } from './congestion-control.ts'
import { HyStart } from './hystart.ts'
import { RecentMinimum } from './recent-minimum.ts'

/**
 * CUBIC, RFC 9438, with HyStart++ for the first slow start: the window grows with the time since the last loss and not
 * with the number of round trips, which fills long fat paths. All windows are bytes.
 */
export class CubicCongestionControl implements CongestionControl {
  #packetSize: number
  #window: number
  /** `ssthresh`. */
  #threshold = Infinity
  #hyStart: HyStart | null = new HyStart()
  /** When the current stage of congestion avoidance began; `NaN` outside of it. */
  #epoch = Number.NaN
  /** The window before the last reduction, `W_max`. */
  #windowMax = 0
  /** Seconds from the beginning of the stage to the plateau, `K`. */
  #plateau = 0
  /** What Reno would have, `W_est`. */
  #estimate = 0
  /** The window when congestion avoidance was last left by a loss, `cwnd_prior`. */
  #prior = 0
  /** By how many packets `W_est` grows in a round trip. */
  #friendlyGrowth = friendlyGrowth
  /** Milliseconds. */
  #leastRoundTrip = Infinity
  readonly #recentRoundTrip = new RecentMinimum(samplesNeeded)

  constructor(packetSize: number, initialWindow: number) {
    this.#packetSize = packetSize
    this.#window = initialWindow
  }

  get window(): number {
    return this.#window
  }

  get pacingGain(): number {
    if (this.#window >= this.#threshold) return 1.2
    return (this.#hyStart?.growthDivisor ?? 1) > 1 ? 1.25 : 2
  }

  acknowledged(news: AcknowledgedNews): void {
    const { now, bytes, flight, recovering, roundTrip } = news
    if (!Number.isNaN(roundTrip)) this.#measured(roundTrip)
    if (recovering) return
    const isSlowStart = this.#window < this.#threshold
    const isLeaving = isSlowStart && (this.#hyStart?.leaves(news) ?? false)
    // A window that the sender did not fill says nothing about the path.
    if ((isSlowStart ? 2 : 1) * flight + this.#packetSize <= this.#window) {
      // Nor does the time run that it grows with, RFC 9438 §5.8.
      this.#epoch = Number.NaN
      return
    }
    if (isSlowStart) {
      this.#window += bytes / (this.#hyStart?.growthDivisor ?? 1)
      if (isLeaving) {
        this.#hyStart = null
        this.#threshold = this.#window
      }
      return
    }
    this.#avoid(now, bytes, news.smoothedRoundTrip)
  }

  lossDetected(): void {
    const isNoise = this.#isQueueEmpty
    this.#reduce(isNoise ? gentleDecrease : decrease, isNoise)
    this.#window = this.#threshold
  }

  timedOut(): void {
    this.#reduce(decrease, false)
    this.#window = this.#packetSize
  }

  idled(timeouts: number): void {
    const floor = 10 * this.#packetSize
    for (let i = 0; i < timeouts && this.#window > floor; i++)
      this.#window = Math.max(this.#window / 2, floor)
    this.#epoch = Number.NaN
  }

  packetSizeChanged(packetSize: number): void {
    this.#packetSize = packetSize
  }

  #measured(roundTrip: number): void {
    this.#recentRoundTrip.add(roundTrip)
    if (roundTrip < this.#leastRoundTrip) this.#leastRoundTrip = roundTrip
  }

  /**
   * Whether fewer than three packets of ours wait in the path's queue: what is lost then is lost to noise rather than
   * to congestion. The measure is TCP Veno's, by the least of several samples: a busy process answers late, too.
   */
  get #isQueueEmpty(): boolean {
    const recent = this.#recentRoundTrip.value
    const waiting = recent - this.#leastRoundTrip
    return (this.#window * waiting) / recent < 3 * this.#packetSize
  }

  /** RFC 9438 §4.2 to §4.5. */
  #avoid(now: Millis, bytes: number, roundTrip: number): void {
    if (Number.isNaN(this.#epoch)) this.#begin(now)
    const size = this.#packetSize
    const ahead = (now - this.#epoch + (Number.isNaN(roundTrip) ? 0 : roundTrip)) / 1_000
    const cubic = growth * (ahead - this.#plateau) ** 3 * size + this.#windowMax
    const target = Math.min(Math.max(cubic, this.#window), 1.5 * this.#window)
    const isPastPrior = this.#estimate >= this.#prior
    this.#estimate += (isPastPrior ? 1 : this.#friendlyGrowth) * size * (bytes / this.#window)
    const cubicStep = ((target - this.#window) * bytes) / this.#window
    this.#window = Math.max(this.#window + cubicStep, this.#estimate)
  }

  /** A stage of congestion avoidance begins. */
  #begin(now: Millis): void {
    this.#epoch = now
    this.#estimate = this.#window
    if (this.#windowMax > this.#window) {
      this.#plateau = Math.cbrt((this.#windowMax - this.#window) / this.#packetSize / growth)
    } else {
      this.#plateau = 0
      this.#windowMax = this.#window
    }
  }

  /** RFC 9438 §4.6 and §4.7. */
  #reduce(factor: number, isNoise: boolean): void {
    const window = this.#window
    // Fast convergence: a flow whose window shrinks from loss to loss makes room for a new one, where there is a queue.
    this.#windowMax = !isNoise && window < this.#windowMax ? (window * (1 + decrease)) / 2 : window
    this.#friendlyGrowth = isNoise ? 1 : friendlyGrowth
    this.#prior = window
    this.#threshold = Math.max(window * factor, 2 * this.#packetSize)
    this.#epoch = Number.NaN
    this.#hyStart = null
  }
}

/** C, in packets per second cubed. */
const growth = 0.4
/** Beta_cubic. */
const decrease = 0.7
/** For losses that no queue explains, as TCP Veno has it. */
const gentleDecrease = 0.8
/** Samples of the round trip, as HyStart++ has it. */
const samplesNeeded = 8
/** Alpha_cubic: as much growth as balances the gentler decrease against Reno's. After noise it is 1, as TCP Veno has it. */
const friendlyGrowth = (3 * (1 - decrease)) / (1 + decrease)
