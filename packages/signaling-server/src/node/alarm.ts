/** One timer for whatever deadline is next. */
export class Alarm {
  readonly #next: () => number
  readonly #ring: (now: number) => void
  #timer: NodeJS.Timeout | undefined
  #at = Infinity

  /** `next` says when it is to ring, `Infinity` for never; `ring` is called then, and `next` asked again. */
  constructor(next: () => number, ring: (now: number) => void) {
    this.#next = next
    this.#ring = ring
  }

  /** The next deadline may be another one. */
  set(): void {
    const at = this.#next()
    if (at === this.#at) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#at = at
    if (at !== Infinity)
      this.#timer = setTimeout(this.#expire, Math.max(0, Math.ceil(at - performance.now())))
  }

  readonly #expire = (): void => {
    this.#at = Infinity
    this.#ring(performance.now())
    this.set()
  }
}
