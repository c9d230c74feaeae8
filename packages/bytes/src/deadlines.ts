import type { Millis } from './brand.ts'

/**
 * The timers of one machine as plain deadlines: arming one costs a store, not an operating-system timer.
 *
 * @example
 * const Timer = { t1Init: 0, heartbeat: 1 } as const
 * const deadlines = new Deadlines(2)
 * deadlines.arm(Timer.t1Init, Millis(now + 1_000))
 * deadlines.earliest // when the host must call handleTimeout
 */
export class Deadlines {
  readonly #at: Float64Array

  constructor(count: number) {
    this.#at = new Float64Array(count).fill(Infinity)
  }

  arm(timer: number, at: Millis): void {
    this.#at[timer] = at
  }

  /** Arms the timer unless it already runs. */
  armIfIdle(timer: number, at: Millis): void {
    if (this.#at[timer] === Infinity) this.#at[timer] = at
  }

  disarm(timer: number): void {
    this.#at[timer] = Infinity
  }

  disarmAll(): void {
    this.#at.fill(Infinity)
  }

  isArmed(timer: number): boolean {
    return this.#at[timer]! !== Infinity
  }

  isDue(timer: number, now: Millis): boolean {
    return this.#at[timer]! <= now
  }

  /** Whether the timer was due; a due timer is disarmed, so that it fires once. */
  take(timer: number, now: Millis): boolean {
    if (!this.isDue(timer, now)) return false
    this.disarm(timer)
    return true
  }

  /** The next deadline, `Infinity` when nothing is armed. */
  get earliest(): Millis {
    // By index: asked after every packet, and for-of over a typed array costs three times as much.
    const deadlines = this.#at
    let earliest = Infinity
    for (let timer = 0; timer < deadlines.length; timer++)
      if (deadlines[timer]! < earliest) earliest = deadlines[timer]!
    return earliest as Millis
  }
}
