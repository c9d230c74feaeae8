import { Tsn } from '../tsn.ts'

/**
 * The gap blocks of one SACK as flat TSN pairs, in ascending order and without overlap, whatever order the peer
 * wrote them in. Kept from SACK to SACK, so that only the difference has to be looked at.
 */
export class GapBlocks {
  #count = 0
  #starts: Uint32Array = new Uint32Array(16)
  #ends: Uint32Array = new Uint32Array(16)

  get count(): number {
    return this.#count
  }

  start(index: number): Tsn {
    return this.#starts[index]! as Tsn
  }

  end(index: number): Tsn {
    return this.#ends[index]! as Tsn
  }

  clear(): void {
    this.#count = 0
  }

  /**
   * Reads `count` blocks of four bytes. False for a block that ends before it starts, starts at the cumulative TSN
   * or reaches beyond `last`; the blocks are then empty.
   */
  read(bytes: Uint8Array, at: number, count: number, cumulativeTsn: Tsn, last: Tsn): boolean {
    this.#count = 0
    const reach = Tsn.distance(cumulativeTsn, last)
    if (count > this.#starts.length) this.#reserve(count)
    let previousEnd = 0
    let isAscending = true
    for (let i = 0; i < count; i++, at += 4) {
      const start = (bytes[at]! << 8) | bytes[at + 1]!
      const end = (bytes[at + 2]! << 8) | bytes[at + 3]!
      if (start === 0 || end < start || end > reach) return false
      if (start <= previousEnd) isAscending = false
      previousEnd = end
      this.#starts[i] = start
      this.#ends[i] = end
    }
    this.#count = isAscending ? count : this.#normalise(count)
    for (let i = 0; i < this.#count; i++) {
      this.#starts[i] = cumulativeTsn + this.#starts[i]!
      this.#ends[i] = cumulativeTsn + this.#ends[i]!
    }
    return true
  }

  /** Sorts and merges; no peer that we know makes this run. */
  #normalise(count: number): number {
    const order = Array.from({ length: count }, (_, i) => ({ start: this.#starts[i]!, end: this.#ends[i]! }))
    order.sort((a, b) => a.start - b.start)
    let merged = 0
    for (const { start, end } of order) {
      if (merged > 0 && start <= this.#ends[merged - 1]!) {
        this.#ends[merged - 1] = Math.max(this.#ends[merged - 1]!, end)
      } else {
        this.#starts[merged] = start
        this.#ends[merged] = end
        merged++
      }
    }
    return merged
  }

  #reserve(count: number): void {
    this.#starts = new Uint32Array(2 * count)
    this.#ends = new Uint32Array(2 * count)
  }
}
