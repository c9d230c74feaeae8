import { Millis } from '@purertc/bytes'

/** What an {@link ExpiryQueue} keeps; `expiresAt` may move while it is kept. */
export interface Expiring {
  readonly expiresAt: Millis
}

/**
 * Finds what has expired among many things whose end is put off again and again: a binary heap by the end that was
 * known when the thing was put in. Putting it off costs nothing; who comes up too early goes back in.
 */
export class ExpiryQueue<T extends Expiring> {
  readonly #heap: { readonly item: T; readonly at: number }[] = []

  /** Never later than the earliest end; `Infinity` when empty. */
  get nextTimeout(): Millis {
    return Millis(this.#heap[0]?.at ?? Infinity)
  }

  get size(): number {
    return this.#heap.length
  }

  add(item: T): void {
    this.#heap.push({ item, at: item.expiresAt })
    this.#rise(this.#heap.length - 1)
  }

  /** Takes out the next thing that has expired by `now`, `undefined` when there is none. */
  take(now: Millis): T | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.at > now) return undefined
      this.#removeAt(0)
      if (first.item.expiresAt <= now) return first.item
      this.add(first.item)
    }
  }

  /** Forgets a thing, at the price of a search. */
  remove(item: T): void {
    const at = this.#heap.findIndex((entry) => entry.item === item)
    if (at >= 0) this.#removeAt(at)
  }

  #removeAt(at: number): void {
    const last = this.#heap.pop()
    if (last === undefined || at === this.#heap.length) return
    this.#heap[at] = last
    this.#sink(at)
    this.#rise(at)
  }

  #rise(at: number): void {
    const heap = this.#heap
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (heap[parent]!.at <= heap[at]!.at) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(at: number): void {
    const heap = this.#heap
    for (;;) {
      let child = 2 * at + 1
      if (child >= heap.length) return
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= heap[at]!.at) return
      this.#swap(at, child)
      at = child
    }
  }

  #swap(a: number, b: number): void {
    const entry = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = entry
  }
}
