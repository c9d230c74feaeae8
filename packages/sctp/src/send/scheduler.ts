import type { OutgoingStream } from './outgoing-stream.ts'

/**
 * Chooses the stream that sends next. Without interleaving a message is sent to its end before another begins
 * (RFC 9260 §6.9), so the choice is made anew only between messages.
 */
export interface StreamScheduler {
  /** The stream whose turn it is, `null` when none has anything to send. */
  readonly current: OutgoingStream | null
  /** The stream has a message from now on. */
  activate(stream: OutgoingStream): void
  /** The current stream has sent a whole message, or has nothing more to send. */
  rotate(hasMore: boolean): void
}

/** One message of each stream in turn, as RFC 8260 §3.2 describes for round-robin scheduling. */
export class RoundRobin implements StreamScheduler {
  #first: OutgoingStream | null = null
  #last: OutgoingStream | null = null

  get current(): OutgoingStream | null {
    return this.#first
  }

  activate(stream: OutgoingStream): void {
    if (stream.isActive) return
    stream.isActive = true
    if (this.#last) this.#last.nextActive = stream
    else this.#first = stream
    this.#last = stream
  }

  rotate(hasMore: boolean): void {
    const stream = this.#first
    if (!stream || (hasMore && stream === this.#last)) return
    this.#first = stream.nextActive
    if (!this.#first) this.#last = null
    stream.nextActive = null
    stream.isActive = false
    if (hasMore) this.activate(stream)
  }
}
