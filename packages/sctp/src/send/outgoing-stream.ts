import type { OutgoingMessage } from './outgoing-message.ts'

/** One stream of ours: its queue of messages and its sequence numbers. */
export class OutgoingStream {
  readonly id: number
  #head: OutgoingMessage | null = null
  #tail: OutgoingMessage | null = null
  #bufferedAmount = 0
  #nextSsn = 0
  /** `bufferedAmountLow` is told when the queue shrinks to this many bytes. */
  lowThreshold = 0
  /** The next stream that has something to send; the scheduler's. */
  nextActive: OutgoingStream | null = null
  /** Whether the scheduler has this stream. */
  isActive = false

  constructor(id: number) {
    this.id = id
  }

  get head(): OutgoingMessage | null {
    return this.#head
  }

  /** Bytes of counted messages that are not yet cut into chunks. */
  get bufferedAmount(): number {
    return this.#bufferedAmount
  }

  push(message: OutgoingMessage): void {
    if (this.#tail) this.#tail.next = message
    else this.#head = message
    this.#tail = message
    if (message.isCounted) this.#bufferedAmount += message.length
  }

  /** The next `length` bytes of the head leave the queue; returns whether that was its last fragment. */
  cut(message: OutgoingMessage, length: number): boolean {
    if (message.cut === 0 && !message.unordered) {
      message.ssn = this.#nextSsn
      this.#nextSsn = (this.#nextSsn + 1) & 0xffff
    }
    message.cut += length
    if (message.isCounted) this.#bufferedAmount -= length
    if (message.cut < message.length) return false
    this.#shift(message)
    return true
  }

  /** Drops what is left of the head, which was abandoned or has expired; returns its bytes. */
  dropHead(message: OutgoingMessage): number {
    const left = message.length - message.cut
    if (message.isCounted) this.#bufferedAmount -= left
    this.#shift(message)
    return left
  }

  /** RFC 6525 §5.1.2: after a reset the first message has number 0 again. */
  resetSequence(): void {
    this.#nextSsn = 0
  }

  #shift(message: OutgoingMessage): void {
    this.#head = message.next
    message.next = null
    if (!this.#head) this.#tail = null
  }
}
