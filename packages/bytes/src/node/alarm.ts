import type { Millis } from '../brand.ts'
import type { AlarmClock } from './alarm-clock.ts'
import { monotonicNow } from './clock.ts'

/**
 * The one timer of a driver. `set(machine.nextTimeout)` after every call into the machine costs next to nothing:
 * a timer that already rings early enough is left alone, and re-armed when it rings too soon.
 *
 * @example
 * const alarm = new Alarm((now) => { machine.handleTimeout(now); alarm.set(machine.nextTimeout) })
 */
export class Alarm {
  readonly #ring: (now: Millis) => void
  readonly #clock: AlarmClock | undefined
  #timer: NodeJS.Timeout | undefined
  #ringsAt = Infinity
  #wantedAt = Infinity

  /** `clock`: one for many alarms. Default: a timer of its own. */
  constructor(ring: (now: Millis) => void, clock?: AlarmClock) {
    this.#ring = ring
    this.#clock = clock
  }

  /** Rings at `at`; `Infinity` means never. The last call wins. */
  set(at: Millis): void {
    this.#wantedAt = at
    if (at < this.#ringsAt) this.#start(at)
  }

  /** Releases the timer, so that a process can exit; a shared clock is its owner's to clear. */
  clear(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#ringsAt = Infinity
    this.#wantedAt = Infinity
  }

  #start(at: number): void {
    this.#ringsAt = at
    if (this.#clock !== undefined) {
      this.#clock.add(at, this.#expire)
      return
    }
    clearTimeout(this.#timer)
    // setTimeout takes 32 bits, and rounds fractions down: a machine asked too early would ask again.
    const delay = Math.min(Math.max(0, Math.ceil(at - monotonicNow())), 0x7fff_ffff)
    this.#timer = setTimeout(this.#expire, delay, at)
  }

  /** A clock rings for times, too, that an earlier one has replaced. */
  readonly #expire = (at: number): void => {
    if (at !== this.#ringsAt) return
    this.#timer = undefined
    this.#ringsAt = Infinity
    if (this.#wantedAt === Infinity) return
    const now = monotonicNow()
    if (this.#wantedAt > now) {
      this.#start(this.#wantedAt)
      return
    }
    this.#wantedAt = Infinity
    this.#ring(now)
  }
}
