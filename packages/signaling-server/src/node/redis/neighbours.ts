/**
 * Which other processes live. Only whether their counts of signs of life move is looked at, and only from one look to
 * the next: no clock, here or at Redis, can make a living process look dead by jumping.
 */
export class Neighbours {
  readonly #self: string
  readonly #patience: number
  #known: ReadonlyMap<string, { readonly beat: string; readonly still: number }> = new Map()

  /** A process is dead when its count stood still for so many looks in a row. */
  constructor(self: string, patience: number) {
    this.#self = self
    this.#patience = patience
  }

  /** One look: names and counts in turn. Returns those that are dead, with the count that they died at. */
  look(beats: readonly string[]): readonly { readonly node: string; readonly beat: string }[] {
    const known = new Map<string, { readonly beat: string; readonly still: number }>()
    for (let at = 0; at + 1 < beats.length; at += 2) {
      const node = beats[at] ?? ''
      const beat = beats[at + 1] ?? ''
      const before = this.#known.get(node)
      known.set(node, { beat, still: before?.beat === beat ? before.still + 1 : 0 })
    }
    known.delete(this.#self)
    this.#known = known
    return [...known]
      .filter(([, { still }]) => still >= this.#patience)
      .map(([node, { beat }]) => ({ node, beat }))
  }

  /** One that is believed to live, to hand sessions to. */
  get heir(): string | undefined {
    for (const [node, { still }] of this.#known) if (still === 0) return node
    return undefined
  }
}
