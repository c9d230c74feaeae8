/** The least of the last samples: of as many as asked for at least, of twice as many at most. */
export class RecentMinimum {
  readonly #group: number
  #present = Infinity
  #previous = Infinity
  #count = 0

  constructor(group: number) {
    this.#group = group
  }

  /** `Infinity` before the first sample. */
  get value(): number {
    return Math.min(this.#present, this.#previous)
  }

  add(sample: number): void {
    if (this.#count === this.#group) {
      this.#previous = this.#present
      this.#present = Infinity
      this.#count = 0
    }
    this.#count++
    if (sample < this.#present) this.#present = sample
  }
}
