import type { Millis } from '../brand.ts'
import { AlarmClock } from './alarm-clock.ts'

/**
 * The one timer of a driver. `set(machine.nextTimeout)` after every call into the machine costs next to nothing:
 * a timer that already rings early enough is left alone, and re-armed when it rings too soon.
 *
 * @example
 * const alarm = new Alarm((now) => { machine.handleTimeout(now); alarm.set(machine.nextTimeout) })
 */
export class Alarm {
  readonly #ring: (now: Millis) => void
  readonly #clock: AlarmClock
  #place = NONE

  /** `clock`: one for many alarms. Default: one of its own. */
  constructor(ring: (now: Millis) => void, clock: AlarmClock = new AlarmClock()) {
    this.#ring = ring
    this.#clock = clock
  }

  /** Rings at `at`; `Infinity` means never. The last call wins. */
  set(at: Millis): void {
    if (this.#place === NONE) {
      if (at === Infinity) return
      this.#place = this.#clock.join(this.#ring)
    }
    this.#clock.set(this.#place, at)
  }

  /** Releases the timer, so that a process can exit: a shared one when the last alarm does. */
  clear(): void {
    if (this.#place === NONE) return
    this.#clock.leave(this.#place)
    this.#place = NONE
  }
}

const NONE = -1
