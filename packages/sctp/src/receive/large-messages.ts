import type { IncomingStreams } from './incoming-streams.ts'

/** A message that is too large to be held whole, as reassembly has it. */
export interface LargeMessage {
  readonly stream: number
  /** Stream sequence number, or message identifier. */
  readonly number: number
  readonly protocol: number
  readonly unordered: boolean
  readonly isComplete: boolean
  /** Whether it is handed up as it comes. */
  isFlowing: boolean
  /** What has come without a gap and was not taken yet. Borrowed; its memory is free from now on. */
  take(): Uint8Array
}

/** What becomes of large messages. Bytes are borrowed until the call returns. */
export interface PartsHost {
  part(stream: number, protocol: number, bytes: Uint8Array, isLast: boolean): void
  /** The message whose parts were handed up breaks off. */
  broken(stream: number): void
}

/**
 * Hands large messages up in parts, as they come: of each stream one at a time, and those that are in order not before
 * their turn. Until then they wait in the receive window.
 */
export class LargeMessages {
  readonly #streams: IncomingStreams
  readonly #host: PartsHost
  readonly #flowing = new Map<number, LargeMessage>()
  readonly #waiting = new Map<number, Set<LargeMessage>>()

  constructor(streams: IncomingStreams, host: PartsHost) {
    this.#streams = streams
    this.#host = host
  }

  /** The message has become too large. */
  add(message: LargeMessage): void {
    if (this.#isItsTurn(message)) {
      this.#begin(message)
      return
    }
    const waiting = this.#waiting.get(message.stream)
    if (waiting) waiting.add(message)
    else this.#waiting.set(message.stream, new Set([message]))
  }

  /** More of a message that flows has come. */
  flow(message: LargeMessage): void {
    const { stream, protocol, isComplete } = message
    const bytes = message.take()
    if (isComplete) this.#flowing.delete(stream)
    if (isComplete || bytes.length > 0) this.#host.part(stream, protocol, bytes, isComplete)
    if (!isComplete) return
    if (!message.unordered) this.#streams.passed(stream, message.number)
    this.advanced(stream)
  }

  /** The message was completed while it waited, or will never be. */
  forget(message: LargeMessage): void {
    const { stream } = message
    const waiting = this.#waiting.get(stream)
    if (waiting?.delete(message) && waiting.size === 0) this.#waiting.delete(stream)
    if (this.#flowing.get(stream) !== message) return
    this.#flowing.delete(stream)
    this.#host.broken(stream)
    this.advanced(stream)
  }

  /** Something of the stream was delivered or skipped: it may be another message's turn. */
  advanced(stream: number): void {
    const waiting = this.#waiting.get(stream)
    if (!waiting) return
    for (const message of waiting) {
      if (!this.#isItsTurn(message)) continue
      waiting.delete(message)
      if (waiting.size === 0) this.#waiting.delete(stream)
      this.#begin(message)
      return
    }
  }

  #isItsTurn({ stream, number, unordered }: LargeMessage): boolean {
    if (this.#flowing.has(stream)) return false
    return unordered || this.#streams.isNext(stream, number)
  }

  #begin(message: LargeMessage): void {
    message.isFlowing = true
    this.#flowing.set(message.stream, message)
    this.flow(message)
  }
}
