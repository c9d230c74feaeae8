/** Resolves when so many things have come. */
export class Countdown {
  readonly done: Promise<void>
  #left: number
  #finish: () => void = () => {}

  constructor(left: number) {
    this.#left = left
    this.done = new Promise((resolve) => (this.#finish = resolve))
    if (left === 0) this.#finish()
  }

  count(): void {
    if (--this.#left === 0) this.#finish()
  }
}
