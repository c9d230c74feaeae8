import type { Millis } from '../brand.ts'
import { monotonicNow } from './clock.ts'

/**
 * One timer for any number of alarms, as of thousands of machines behind one socket: to set one costs a number in a list
 * instead of a timer of Node's, and those that are due together ring in one turn of the event loop.
 *
 * @example
 * const clock = new AlarmClock()
 * const alarms = machines.map((machine) => new Alarm((now) => machine.handleTimeout(now), clock))
 */
export class AlarmClock {
  /**
   * When each is to ring, by its place. Not sorted: alarms are set far oftener than they ring, and to look through
   * thousands of numbers that lie side by side takes microseconds.
   */
  #times: Float64Array = new Float64Array(1)
  readonly #rings: (Ring | undefined)[] = []
  /** Places that were left. */
  readonly #free: number[] = []
  #timer: NodeJS.Timeout | undefined
  #ringsAt = Infinity

  /** A place for one that rings, when it is set to. */
  join(ring: Ring): number {
    const place = this.#free.pop() ?? this.#rings.length
    if (place === this.#times.length) {
      const times = new Float64Array(2 * place)
      times.set(this.#times)
      this.#times = times
    }
    this.#rings[place] = ring
    this.#times[place] = Infinity
    return place
  }

  /** Rings at `at`; `Infinity` means never. The last call wins. A timer that rings early enough is left alone. */
  set(place: number, at: number): void {
    this.#times[place] = at
    if (at < this.#ringsAt) this.#wind(at)
  }

  /** The place is free; with the last one the timer is released. */
  leave(place: number): void {
    this.#times[place] = Infinity
    this.#rings[place] = undefined
    this.#free.push(place)
    if (this.#free.length === this.#rings.length) this.#stop()
  }

  /** Silences all and releases the timer. */
  clear(): void {
    this.#times.fill(Infinity)
    this.#stop()
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#ringsAt = Infinity
  }

  #wind(at: number): void {
    clearTimeout(this.#timer)
    this.#ringsAt = at
    // setTimeout takes 32 bits, and rounds fractions down: a machine asked too early would ask again.
    const delay = Math.min(Math.max(0, Math.ceil(at - monotonicNow())), 0x7fff_ffff)
    this.#timer = setTimeout(() => this.#turn(), delay)
  }

  #turn(): void {
    const due = this.#windForNext(monotonicNow())
    let next = 0
    try {
      while (next < due.length) this.#ring(due[next++]!)
    } finally {
      // One has thrown: the others ring in the next turn.
      if (next < due.length) this.#wind(-Infinity)
    }
  }

  /** Those who are due. Who is set meanwhile, though to a time that has passed, waits for the next turn of the event loop. */
  #windForNext(now: Millis): readonly number[] {
    const due: number[] = []
    const times = this.#times
    let earliest = Infinity
    for (let place = this.#rings.length - 1; place >= 0; place--) {
      const at = times[place]!
      if (at <= now) due.push(place)
      else if (at < earliest) earliest = at
    }
    this.#ringsAt = Infinity
    if (earliest < Infinity) this.#wind(earliest)
    return due
  }

  /** Unless one before it has silenced it, or put it off. */
  #ring(place: number): void {
    const now = monotonicNow()
    if (this.#times[place]! > now) return
    this.#times[place] = Infinity
    this.#rings[place]?.(now)
  }
}

type Ring = (now: Millis) => void
