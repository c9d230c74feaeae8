import { monotonicNow } from './clock.ts'

/**
 * One timer for any number of alarms, as of thousands of machines behind one socket: to set one costs a place in a list
 * instead of a timer of Node's, and those that are due together ring in one turn of the event loop. Alarms of the same
 * instant cost least: there is one place in the heap for all of them.
 *
 * @example
 * const clock = new AlarmClock()
 * const alarms = machines.map((machine) => new Alarm((now) => machine.handleTimeout(now), clock))
 */
export class AlarmClock {
  /** A binary heap of times, each once, and who rings at each. */
  readonly #times: number[] = []
  readonly #rings = new Map<number, Ring[]>()
  /** Those of the present turn. */
  readonly #due: Due[] = []
  #timer: NodeJS.Timeout | undefined
  #ringsAt = Infinity

  /** Calls `ring` with `at` when that time has come, once; there is no taking back. */
  add(at: number, ring: Ring): void {
    const others = this.#rings.get(at)
    if (others !== undefined) {
      // Whoever comes back to its far deadline after each near one shall not be in the list a thousand times.
      if (others.at(-1) !== ring) others.push(ring)
      return
    }
    this.#rings.set(at, [ring])
    this.#rise(at)
    this.#wind()
  }

  /** Forgets everybody and releases the timer. */
  clear(): void {
    this.#times.length = 0
    this.#rings.clear()
    for (const { rings } of this.#due) rings.length = 0
    clearTimeout(this.#timer)
    this.#ringsAt = Infinity
  }

  /** Sees to it that the timer rings for whoever is first; one that rings too soon is left alone. */
  #wind(): void {
    const at = this.#times[0] ?? Infinity
    if (at >= this.#ringsAt) return
    clearTimeout(this.#timer)
    this.#ringsAt = at
    // setTimeout takes 32 bits, and rounds fractions down.
    const delay = Math.min(Math.max(0, Math.ceil(at - monotonicNow())), 0x7fff_ffff)
    this.#timer = setTimeout(() => this.#ring(), delay)
  }

  #ring(): void {
    this.#ringsAt = Infinity
    const now = monotonicNow()
    // Who is added meanwhile, though for a time that has passed, waits for the next turn of the event loop.
    for (let at = this.#times[0]; at !== undefined && at <= now; at = this.#times[0]) {
      this.#due.push({ at, rings: this.#rings.get(at) ?? [] })
      this.#rings.delete(at)
      this.#takeFirst()
    }
    try {
      for (const { at, rings } of this.#due)
        for (let ring = rings.pop(); ring !== undefined; ring = rings.pop()) ring(at)
    } finally {
      // One has thrown: the others ring in the next turn.
      for (const { at, rings } of this.#due.splice(0)) for (const ring of rings) this.add(at, ring)
      this.#wind()
    }
  }

  #rise(at: number): void {
    const times = this.#times
    let hole = times.length
    for (let parent = (hole - 1) >> 1; hole > 0 && times[parent]! > at; parent = (hole - 1) >> 1) {
      times[hole] = times[parent]!
      hole = parent
    }
    times[hole] = at
  }

  #takeFirst(): void {
    const times = this.#times
    const at = times.pop()
    if (at === undefined || times.length === 0) return
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= times.length) break
      if (child + 1 < times.length && times[child + 1]! < times[child]!) child++
      if (times[child]! >= at) break
      times[hole] = times[child]!
      hole = child
    }
    times[hole] = at
  }
}

type Ring = (at: number) => void

/** Who rings at one instant, and has not rung yet. */
interface Due {
  readonly at: number
  readonly rings: Ring[]
}
