import { Millis } from '@purertc/bytes'

interface Event {
  readonly at: Millis
  readonly order: number
  readonly action: (now: Millis) => void
}

/** A binary heap of actions by time; actions of one instant keep the order in which they were scheduled. */
export class EventQueue {
  readonly #heap: Event[] = []
  #scheduled = 0

  /** When the next action is due, `Infinity` when there is none. */
  get nextAt(): Millis {
    return this.#heap[0]?.at ?? Millis(Infinity)
  }

  push(at: Millis, action: (now: Millis) => void): void {
    const event: Event = { at, order: this.#scheduled++, action }
    const heap = this.#heap
    let hole = heap.length
    heap.push(event)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!isBefore(event, heap[parent]!)) break
      heap[hole] = heap[parent]!
      hole = parent
    }
    heap[hole] = event
  }

  /** Takes out the action that `nextAt` speaks of. */
  pop(): ((now: Millis) => void) | undefined {
    const heap = this.#heap
    const first = heap[0]
    const last = heap.pop()
    if (last !== undefined && last !== first) this.#sink(last)
    return first?.action
  }

  #sink(event: Event): void {
    const heap = this.#heap
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, event)) break
      heap[hole] = heap[child]!
      hole = child
    }
    heap[hole] = event
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
