/**
 * How many there are of each name.
 *
 * @example
 * const connections = new Tally(networkOf)
 * if (connections.of(address) >= limit) refuse()
 * else connections.add(address) // and `remove` at its end
 */
export class Tally {
  readonly #counts: Map<string, number> = new Map()
  readonly #keyOf: (name: string) => string

  /** Names with the same key count as one. Default: each name for itself. */
  constructor(keyOf: (name: string) => string = (name) => name) {
    this.#keyOf = keyOf
  }

  of(name: string): number {
    return this.#counts.get(this.#keyOf(name)) ?? 0
  }

  add(name: string): void {
    this.#counts.set(this.#keyOf(name), this.of(name) + 1)
  }

  remove(name: string): void {
    const count = this.of(name) - 1
    if (count > 0) this.#counts.set(this.#keyOf(name), count)
    else this.#counts.delete(this.#keyOf(name))
  }
}
