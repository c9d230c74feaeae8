/**
 * Counts what a machine dropped, by reason. Network noise is never thrown and never logged one by one: it is
 * counted here, where a host can read it.
 *
 * @example
 * const discarded = new Counters<'malformed' | 'replayed'>()
 * discarded.count('replayed')
 * discarded.snapshot() // { replayed: 1 }
 */
export class Counters<Name extends string> {
  /** Null before the first: most of many machines never drop anything. */
  #counts: Map<Name, number> | null = null

  count(name: Name, by = 1): void {
    this.#counts ??= new Map()
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }

  get(name: Name): number {
    return this.#counts?.get(name) ?? 0
  }

  /** The sum over all names. */
  get total(): number {
    let total = 0
    for (const count of this.#counts?.values() ?? []) total += count
    return total
  }

  /** A copy; names that never counted are absent. */
  snapshot(): Partial<Record<Name, number>> {
    return Object.fromEntries(this.#counts ?? []) as Partial<Record<Name, number>>
  }
}
