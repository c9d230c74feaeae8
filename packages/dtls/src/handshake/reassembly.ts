import type { HandshakeFragment } from './handshake-fragment.ts'
import type { HandshakeMessage } from './handshake-message.ts'

/**
 * What became of a fragment. `taken` holds news; the others are counted by the caller:
 * `stale` belongs to a message that was delivered, `future` lies too far ahead, `oversized` claims more than we
 * buffer, `contradictory` disagrees with earlier fragments about type or length.
 */
export type FragmentFate = 'taken' | 'repeated' | 'stale' | 'future' | 'oversized' | 'contradictory'

/**
 * Puts handshake messages together from fragments in any order, overlapping or doubled, and hands them out in the
 * order of their `message_seq` (RFC 6347 §4.2.2 and §4.2.3). What it holds is bounded, whatever the fragments claim.
 */
export class Reassembly {
  /** Messages that may be begun at a time: the longest flight has six. */
  static readonly maxAhead = 7
  readonly #messages = new Map<number, PartialMessage>()
  readonly #maxLength: number
  #next = 0
  #buffered = 0

  /** Larger messages are refused; of those that are not whole or not due, twice as much is held at most. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** `message_seq` of the message that is due. */
  get nextSequence(): number {
    return this.#next
  }

  /** Bytes held. */
  get buffered(): number {
    return this.#buffered
  }

  /** Expects `sequence` first: a client that was asked for a cookie statelessly does not begin at 0. */
  startAt(sequence: number): void {
    this.clear()
    this.#next = sequence
  }

  /** Takes a fragment, which is borrowed. */
  insert(fragment: HandshakeFragment): FragmentFate {
    if (fragment.sequence < this.#next) return 'stale'
    if (fragment.sequence >= this.#next + Reassembly.maxAhead) return 'future'
    if (fragment.length > this.#maxLength) return 'oversized'
    const known = this.#messages.get(fragment.sequence)
    if (known === undefined) return this.#begin(fragment)
    if (known.type !== fragment.type || known.length !== fragment.length) {
      // Neither is authentic yet. Starting over with the latest lets the peer's retransmission heal a forgery.
      this.#drop(fragment.sequence, known)
      this.#begin(fragment)
      return 'contradictory'
    }
    return known.insert(fragment) ? 'taken' : 'repeated'
  }

  /** The message that is due, once it is whole. */
  next(): HandshakeMessage | null {
    const message = this.#messages.get(this.#next)
    if (message === undefined || !message.isWhole) return null
    const sequence = this.#next++
    this.#drop(sequence, message)
    return { type: message.type, sequence, body: message.body }
  }

  /** Whether a part of such a message has come that is not due. */
  holds(type: number): boolean {
    return [...this.#messages.values()].some((message) => message.type === type)
  }

  clear(): void {
    this.#messages.clear()
    this.#buffered = 0
  }

  #begin(fragment: HandshakeFragment): FragmentFate {
    if (this.#buffered + fragment.length > 2 * this.#maxLength) return 'oversized'
    const message = new PartialMessage(fragment)
    this.#messages.set(fragment.sequence, message)
    this.#buffered += message.length
    return 'taken'
  }

  #drop(sequence: number, message: PartialMessage): void {
    this.#messages.delete(sequence)
    this.#buffered -= message.length
  }
}

/** One message and which of its bytes have come. */
class PartialMessage {
  readonly type: number
  readonly body: Uint8Array
  /** One mark a byte: the order of fragments, and what they repeat, then makes no difference. Null once whole. */
  #marks: Uint8Array | null
  #missing: number

  constructor(first: HandshakeFragment) {
    this.type = first.type
    this.body = new Uint8Array(first.length)
    this.#marks = new Uint8Array(first.length)
    this.#missing = first.length
    this.insert(first)
  }

  get length(): number {
    return this.body.length
  }

  get isWhole(): boolean {
    return this.#missing === 0
  }

  /** Whether the fragment held bytes that were missing. Bytes that are there stay as they are. */
  insert(fragment: HandshakeFragment): boolean {
    const before = this.#missing
    const marks = this.#marks
    if (marks === null) return false
    for (let i = 0; i < fragment.bytes.length; i++) {
      const at = fragment.offset + i
      if (marks[at] === 1) continue
      marks[at] = 1
      this.body[at] = fragment.bytes[i]!
      this.#missing--
    }
    if (this.#missing === 0) this.#marks = null
    return this.#missing < before
  }
}
