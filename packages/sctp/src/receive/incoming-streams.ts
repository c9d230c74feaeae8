import { copyBytes } from '@purertc/bytes'

import { type Sequence, ssnSequence } from './sequence.ts'

/** Hands a message up; `message` is borrowed until the call returns. */
export type Deliver = (stream: number, protocol: number, message: Uint8Array) => void

/** Puts whole messages of each stream in order, RFC 9260 §6.6. */
export class IncomingStreams {
  readonly #deliver: Deliver
  readonly #sequence: Sequence
  readonly #streams = new Map<number, IncomingStream>()
  #held = 0

  /** `sequence`: how the peer numbers messages. */
  constructor(deliver: Deliver, sequence: Sequence = ssnSequence) {
    this.#deliver = deliver
    this.#sequence = sequence
  }

  /** Bytes of memory in messages that wait for an earlier one. */
  get held(): number {
    return this.#held
  }

  /** False for a sequence number that was delivered or is waiting already: the peer repeats itself. */
  accept(stream: number, ssn: number, protocol: number, unordered: boolean, message: Uint8Array): boolean {
    if (unordered) {
      this.#deliver(stream, protocol, message)
      return true
    }
    const state = this.#state(stream)
    if (ssn === state.expected) {
      state.expected = this.#sequence.next(ssn)
      this.#deliver(stream, protocol, message)
      if (state.waiting) this.#deliverWaiting(stream, state, state.waiting)
      return true
    }
    if (this.#sequence.isBehind(ssn, state.expected) || state.waiting?.has(ssn)) return false
    state.waiting ??= new Map()
    state.waiting.set(ssn, { protocol, message: copyBytes(message) })
    this.#held += message.length + waitingOverhead
    return true
  }

  /** Whether the stream's next message in order is this one. */
  isNext(stream: number, ssn: number): boolean {
    return this.#state(stream).expected === ssn
  }

  /** The message was delivered in parts; those behind it follow. */
  passed(stream: number, ssn: number): void {
    const state = this.#state(stream)
    if (state.expected !== ssn) return
    state.expected = this.#sequence.next(ssn)
    if (state.waiting) this.#deliverWaiting(stream, state, state.waiting)
  }

  /** FORWARD TSN: messages up to `ssn` that have not arrived never will, RFC 3758 §3.6. */
  skip(stream: number, ssn: number): void {
    const state = this.#state(stream)
    if (this.#sequence.isBehind(ssn, state.expected)) return
    const next = this.#sequence.next(ssn)
    state.expected = next
    const { waiting } = state
    if (!waiting) return
    const arrived = [...waiting.keys()].filter((candidate) => this.#sequence.isBehind(candidate, next))
    arrived.sort((a, b) => (this.#sequence.isBehind(a, b) ? -1 : 1))
    for (const candidate of arrived) this.#deliverOne(stream, waiting, candidate)
    this.#deliverWaiting(stream, state, waiting)
  }

  /** RFC 6525 §5.2.2: these streams, or all when there are none, start from 0 again. */
  reset(streams: readonly number[]): void {
    for (const stream of streams.length > 0 ? streams : [...this.#streams.keys()]) {
      const state = this.#streams.get(stream)
      if (!state) continue
      for (const { message } of state.waiting?.values() ?? []) this.#held -= message.length + waitingOverhead
      this.#streams.delete(stream)
    }
  }

  #deliverWaiting(stream: number, state: IncomingStream, waiting: Map<number, WaitingMessage>): void {
    while (waiting.has(state.expected)) {
      const ssn = state.expected
      state.expected = this.#sequence.next(ssn)
      this.#deliverOne(stream, waiting, ssn)
    }
    if (waiting.size === 0) state.waiting = undefined
  }

  #deliverOne(stream: number, waiting: Map<number, WaitingMessage>, ssn: number): void {
    const found = waiting.get(ssn)
    if (!found) return
    waiting.delete(ssn)
    this.#held -= found.message.length + waitingOverhead
    this.#deliver(stream, found.protocol, found.message)
  }

  #state(stream: number): IncomingStream {
    let state = this.#streams.get(stream)
    if (!state) {
      state = { expected: 0, waiting: undefined }
      this.#streams.set(stream, state)
    }
    return state
  }
}

interface IncomingStream {
  expected: number
  /** Whole messages by sequence number. Most streams never have any. */
  waiting: Map<number, WaitingMessage> | undefined
}

interface WaitingMessage {
  readonly protocol: number
  readonly message: Uint8Array
}

/** Memory that a waiting message costs beside its bytes. */
const waitingOverhead = 128
