import type { OutgoingMessage } from './outgoing-message.ts'

/** One stream of ours: its queue of messages and its sequence numbers. */
export class OutgoingStream {
  readonly id: number
  #head: OutgoingMessage | null = null
  #tail: OutgoingMessage | null = null
  #bufferedAmount = 0
  #nextMid = 0
  #nextUnorderedMid = 0
  /** `bufferedAmountLow` is told when the queue shrinks to this many bytes. */
  lowThreshold = 0
  /** Its share where streams compete: twice the weight gets twice the bytes. */
  weight: number = defaultWeight
  /** The scheduler's: whether it has this stream, which turn is its, and since when it waits. */
  isActive = false
  key = 0
  arrival = 0

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

  /** Whether there is anything to send now: a message that is still being written may have to wait. */
  get isReady(): boolean {
    const head = this.#head
    return head !== null && (head.isAbandoned || head.prepare() > 0)
  }

  /** Counts what was written to a message that is queued already. */
  extended(message: OutgoingMessage, bytes: number): void {
    if (message.isCounted) this.#bufferedAmount += bytes
  }

  /** The next `length` bytes of the head leave the queue; returns whether that was its last fragment. */
  cut(message: OutgoingMessage, length: number): boolean {
    if (!message.isBegun) this.#number(message)
    message.cut += length
    if (message.isCounted) this.#bufferedAmount -= length
    if (!message.isCut) return false
    this.#shift(message)
    return true
  }

  /** Drops what is left of the head, which was abandoned or has expired; returns its bytes. */
  dropHead(message: OutgoingMessage): number {
    const { left } = message
    if (message.isCounted) this.#bufferedAmount -= left
    this.#shift(message)
    return left
  }

  /** RFC 6525 §5.1.2: after a reset the first message has number 0 again. */
  resetSequence(): void {
    this.#nextMid = 0
    this.#nextUnorderedMid = 0
  }

  /** RFC 8260 §2.1: ordered and unordered messages are counted apart. */
  #number(message: OutgoingMessage): void {
    message.isBegun = true
    if (message.unordered) {
      message.mid = this.#nextUnorderedMid
      this.#nextUnorderedMid = (this.#nextUnorderedMid + 1) >>> 0
    } else {
      message.mid = this.#nextMid
      this.#nextMid = (this.#nextMid + 1) >>> 0
    }
  }

  #shift(message: OutgoingMessage): void {
    this.#head = message.next
    message.next = null
    if (!this.#head) this.#tail = null
  }
}

/** RFC 8831 §6.4: the priority that a channel has by default. */
const defaultWeight = 256
