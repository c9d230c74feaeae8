import type { OutgoingStream } from './outgoing-stream.ts'

/**
 * - `fcfs`: messages leave in the order in which they were sent (RFC 8260 §3.1).
 * - `round-robin`: one message, or where messages are interleaved one chunk, of each stream in turn (§3.2, §3.3).
 * - `weighted-fair`: streams share by their priority (§3.6).
 */
export type SchedulerName = 'fcfs' | 'round-robin' | 'weighted-fair'

/**
 * Chooses the stream that sends next. Without interleaving a message is sent to its end before another begins
 * (RFC 9260 §6.9): the stream that was chosen stays so until {@link StreamScheduler.served}.
 *
 * All three are one: the stream with the least key is next, and only the key differs.
 */
export class StreamScheduler {
  readonly #name: SchedulerName
  /** Streams that have something to send but the current one: a binary heap by key. */
  readonly #waiting: OutgoingStream[] = []
  #current: OutgoingStream | null = null
  /** Streams whose next message must not begin yet, in the order of their turns. */
  readonly #parked: OutgoingStream[] = []
  /** Counts turns for `round-robin`; the key of the stream served last for `weighted-fair`. */
  #clock = 0
  #arrivals = 0

  constructor(name: SchedulerName) {
    this.#name = name
  }

  /** The stream whose turn it is, `null` when none has anything to send. */
  get current(): OutgoingStream | null {
    this.#current ??= this.#take()
    return this.#current
  }

  /** The stream has a message from now on. */
  activate(stream: OutgoingStream): void {
    if (stream.isActive) return
    stream.isActive = true
    this.#insert(stream)
  }

  /** The current stream has sent so many bytes, and others get their turn. */
  served(bytes: number): void {
    const stream = this.#current
    if (stream === null) return
    this.#current = null
    if (this.#name === 'weighted-fair') {
      this.#clock = Math.max(this.#clock, stream.key)
      stream.key += bytes / stream.weight
    }
    if (stream.isReady) this.#insert(stream)
    else stream.isActive = false
  }

  /** The first stream that was parked, `null` where none is. */
  get parked(): OutgoingStream | null {
    return this.#parked[0] ?? null
  }

  /** The current stream must wait until it is released; others get their turn. */
  park(): void {
    if (this.#current !== null) this.#parked.push(this.#current)
    this.#current = null
  }

  /** The first stream that was parked takes part again. */
  release(): void {
    const stream = this.#parked.shift()
    if (stream !== undefined) this.#insert(stream)
  }

  #insert(stream: OutgoingStream): void {
    switch (this.#name) {
      case 'fcfs':
        stream.key = stream.head?.order ?? 0
        break
      case 'round-robin':
        stream.key = this.#clock++
        break
      case 'weighted-fair':
        // What a stream did not use while it had nothing to send is gone.
        stream.key = Math.max(stream.key, this.#clock)
    }
    stream.arrival = this.#arrivals++
    const heap = this.#waiting
    let hole = heap.length
    heap.push(stream)
    while (hole > 0) {
      const parent = (hole - 1) >> 1
      if (!isBefore(stream, heap[parent]!)) break
      heap[hole] = heap[parent]!
      hole = parent
    }
    heap[hole] = stream
  }

  #take(): OutgoingStream | null {
    const heap = this.#waiting
    const first = heap[0]
    const last = heap.pop()
    if (first === undefined || last === undefined) return null
    if (last !== first) this.#sink(last)
    return first
  }

  #sink(stream: OutgoingStream): void {
    const heap = this.#waiting
    let hole = 0
    for (;;) {
      let child = 2 * hole + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, stream)) break
      heap[hole] = heap[child]!
      hole = child
    }
    heap[hole] = stream
  }
}

/** Among equals who waits longer. */
function isBefore(a: OutgoingStream, b: OutgoingStream): boolean {
  return a.key < b.key || (a.key === b.key && a.arrival < b.arrival)
}
