import { DataFlag } from '../wire/data.ts'
import type { SkippedMessages } from '../wire/i-forward-tsn.ts'
import type { LargeMessages } from './large-messages.ts'
import { Memory } from './memory.ts'
import { PartialMessage } from './partial-message.ts'
import type { Complete, ReassemblyVerdict } from './reassembly.ts'
import { midSequence } from './sequence.ts'

/**
 * Puts fragments of interleaved messages together, RFC 8260 §2.2.3: each names its stream, its message and its place.
 * Fragments that come in order are copied straight to their message; early ones wait beside it.
 */
export class InterleavedReassembly {
  readonly #maxMessageSize: number
  readonly #complete: Complete
  /** Where messages beyond the maximum go, null where they are refused. */
  readonly #large: LargeMessages | null
  readonly #memory = new Memory()
  /** By stream and kind: messages that are incomplete, by their identifier. */
  readonly #streams = new Map<number, Map<number, PartialMessage>>()
  /** Memory of the last complete message, for the next one. */
  #spare: Uint8Array = nothing

  constructor(maxMessageSize: number, complete: Complete, large: LargeMessages | null = null) {
    this.#maxMessageSize = maxMessageSize
    this.#complete = complete
    this.#large = large
  }

  /** Bytes of memory in incomplete messages. */
  get held(): number {
    return this.#memory.held
  }

  /** Takes one I-DATA chunk with a new TSN; its user data is `bytes` from `start` to `end`. */
  add(
    flags: number,
    stream: number,
    mid: number,
    protocolOrFsn: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReassemblyVerdict {
    const unordered = (flags & DataFlag.unordered) !== 0
    const isFirst = (flags & DataFlag.beginning) !== 0
    const isLast = (flags & DataFlag.ending) !== 0
    const key = keyOf(stream, unordered)
    const messages = this.#streams.get(key)
    const known = messages?.get(mid)
    if (isFirst && isLast) {
      if (known) return 'violation'
      if (end - start > this.#maxMessageSize) return 'too-large'
      this.#complete(stream, mid, protocolOrFsn, unordered, bytes.subarray(start, end))
      return 'accepted'
    }
    const message = known ?? this.#open(stream, unordered, mid)
    const fsn = isFirst ? 0 : protocolOrFsn
    if (!isFirst && fsn === 0) return 'violation'
    if (isFirst) message.protocol = protocolOrFsn
    if (!message.add(fsn, isLast, bytes, start, end)) return 'violation'
    if (message.received > this.#maxMessageSize && this.#large === null) return 'too-large'
    if (message.isComplete) this.#finish(message)
    else if (message.isFlowing) this.#large?.flow(message)
    else if (!message.isLarge && message.received > this.#maxMessageSize) {
      message.isLarge = true
      this.#large?.add(message)
    }
    return 'accepted'
  }

  /** I-FORWARD-TSN: what is incomplete up to this message never will be complete. */
  skip({ stream, unordered, mid }: SkippedMessages): void {
    const key = keyOf(stream, unordered)
    const messages = this.#streams.get(key)
    for (const [candidate, message] of messages ?? [])
      if (!midSequence.isBehind(mid, candidate)) this.#giveUp(message)
  }

  /** RFC 6525 §5.2.2: these streams, or all when there are none, begin anew. */
  reset(streams: readonly number[]): void {
    const keys =
      streams.length > 0
        ? streams.flatMap((stream) => [keyOf(stream, false), keyOf(stream, true)])
        : [...this.#streams.keys()]
    for (const key of keys)
      for (const message of this.#streams.get(key)?.values() ?? []) this.#giveUp(message)
  }

  #finish(message: PartialMessage): void {
    this.#remove(message)
    if (message.isFlowing) {
      this.#large?.flow(message)
      message.release()
    } else {
      if (message.isLarge) this.#large?.forget(message)
      const { stream, number, protocol, unordered } = message
      const bytes = message.take()
      message.release()
      this.#complete(stream, number, protocol, unordered, bytes)
    }
    this.#spare = message.giveBuffer()
  }

  #giveUp(message: PartialMessage): void {
    this.#remove(message)
    message.release()
    if (message.isLarge) this.#large?.forget(message)
  }

  #open(stream: number, unordered: boolean, mid: number): PartialMessage {
    const key = keyOf(stream, unordered)
    let messages = this.#streams.get(key)
    if (!messages) {
      messages = new Map()
      this.#streams.set(key, messages)
    }
    const message = new PartialMessage(this.#memory, stream, unordered, mid, this.#spare)
    this.#spare = nothing
    messages.set(mid, message)
    return message
  }

  #remove({ stream, unordered, number }: PartialMessage): void {
    const key = keyOf(stream, unordered)
    const messages = this.#streams.get(key)
    messages?.delete(number)
    if (messages?.size === 0) this.#streams.delete(key)
  }
}

const keyOf = (stream: number, unordered: boolean): number => 2 * stream + (unordered ? 1 : 0)

const nothing = new Uint8Array(0)
