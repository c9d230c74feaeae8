import type { ChannelEvent } from './channel-event.ts'

/** The latest events of a channel, within limits: the oldest go first. */
export class ChannelLog {
  readonly #maxEvents: number
  readonly #maxLength: number
  /** A queue: what went out of it lies before `#first`. */
  #events: (ChannelEvent | undefined)[] = []
  #first = 0
  #length = 0
  /** The number of the last event that is not kept any more. */
  #forgotten = 0

  constructor(maxEvents: number, maxLength: number) {
    this.#maxEvents = maxEvents
    this.#maxLength = maxLength
  }

  get size(): number {
    return this.#events.length - this.#first
  }

  push(event: ChannelEvent): void {
    this.#events.push(event)
    this.#length += lengthOf(event)
    while (this.size > this.#maxEvents || this.#length > this.#maxLength) this.#dropFirst()
  }

  /** An event that nobody will ever ask for is not kept. */
  skip(event: ChannelEvent): void {
    this.#forgotten = event.seq
  }

  /** Forgets what is up to this number. */
  forget(seq: number): void {
    for (let event = this.#events[this.#first]; event !== undefined && event.seq <= seq;) {
      this.#dropFirst()
      event = this.#events[this.#first]
    }
  }

  /** Whether everything after this number is kept. */
  reaches(seq: number): boolean {
    return seq >= this.#forgotten
  }

  get events(): readonly ChannelEvent[] {
    return this.#events.slice(this.#first) as ChannelEvent[]
  }

  #dropFirst(): void {
    const event = this.#events[this.#first]
    if (event === undefined) return
    this.#events[this.#first++] = undefined
    this.#length -= lengthOf(event)
    this.#forgotten = event.seq
    if (this.#first === this.#events.length) {
      this.#events = []
      this.#first = 0
    } else if (this.#first >= COMPACT_AT) {
      this.#events.splice(0, this.#first)
      this.#first = 0
    }
  }
}

function lengthOf(event: ChannelEvent): number {
  if (event.kind === 'said') return OVERHEAD + event.body.length + (event.bytes?.length ?? 0)
  return event.kind === 'join' ? OVERHEAD + event.member.length + event.members.length : OVERHEAD
}

/** What an event weighs beside what it says. */
const OVERHEAD = 64
const COMPACT_AT = 64
