import { monotonicNow } from './clock.ts'

/**
 * One timer for any number of alarms, as of thousands of machines behind one socket: to set one costs a place in a heap
 * instead of a timer of Node's, and those that are due together ring in one turn of the event loop.
 *
 * @example
 * const clock = new AlarmClock()
 * const alarms = machines.map((machine) => new Alarm((now) => machine.handleTimeout(now), clock))
 */
export class AlarmClock {
  /** A binary heap of times, and who rings at each. */
  readonly #times: number[] = []
  readonly #rings: ((at: number) => void)[] = []
  #timer: NodeJS.Timeout | undefined
  #ringsAt = Infinity

  /** Calls `ring` with `at` when that time has come, once; there is no taking back. */
  add(at: number, ring: (at: number) => void): void {
    let hole = this.#times.length
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (this.#times[parent]! <= at) break
      this.#place(hole, parent)
      hole = parent
    }
    this.#times[hole] = at
    this.#rings[hole] = ring
    this.#wind()
  }

  /** Forgets everybody and releases the timer. */
  clear(): void {
    this.#times.length = 0
    this.#rings.length = 0
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
    try {
      // Who is added meanwhile, though for a time that has passed, waits for the next turn of the event loop.
      for (let left = this.#times.length; left > 0; left--) {
        const at = this.#times[0] ?? Infinity
        if (at > now) break
        this.#takeFirst()(at)
      }
    } finally {
      this.#wind()
    }
  }

  #takeFirst(): (at: number) => void {
    const first = this.#rings[0]!
    const at = this.#times.pop()
    const ring = this.#rings.pop()
    if (at !== undefined && ring !== undefined && this.#times.length > 0) this.#sink(at, ring)
    return first
  }

  #sink(at: number, ring: (at: number) => void): void {
    const times = this.#times
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= times.length) break
      if (child + 1 < times.length && times[child + 1]! < times[child]!) child++
      if (times[child]! >= at) break
      this.#place(hole, child)
      hole = child
    }
    times[hole] = at
    this.#rings[hole] = ring
  }

  /** What stands at `from` stands at `hole` as well. */
  #place(hole: number, from: number): void {
    this.#times[hole] = this.#times[from]!
    this.#rings[hole] = this.#rings[from]!
  }
}
