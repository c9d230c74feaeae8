import { copyBytes } from '@purertc/bytes'

import { DataFlag } from '../wire/data.ts'
import type { SkippedMessages } from '../wire/i-forward-tsn.ts'
import type { Complete, ReassemblyVerdict } from './reassembly.ts'
import { midSequence } from './sequence.ts'

/**
 * Puts fragments of interleaved messages together, RFC 8260 §2.2.3: each names its stream, its message and its place.
 * Fragments that come in order are copied straight to their message; early ones wait beside it.
 */
export class InterleavedReassembly {
  readonly #maxMessageSize: number
  readonly #complete: Complete
  /** By stream and kind: messages that are incomplete, by their identifier. */
  readonly #streams = new Map<number, Map<number, PartialMessage>>()
  #held = 0
  /** Memory of the last complete message, for the next one. */
  #spare: Uint8Array = nothing

  constructor(maxMessageSize: number, complete: Complete) {
    this.#maxMessageSize = maxMessageSize
    this.#complete = complete
  }

  /** Bytes of memory in incomplete messages. */
  get held(): number {
    return this.#held
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
    const message = known ?? this.#open(key, mid)
    const fsn = isFirst ? 0 : protocolOrFsn
    if (!isFirst && fsn === 0) return 'violation'
    if (isFirst) message.protocol = protocolOrFsn
    const before = message.memory
    const isSound = message.add(fsn, isLast, bytes, start, end)
    this.#held += message.memory - before
    if (!isSound) return 'violation'
    if (message.received > this.#maxMessageSize) return 'too-large'
    if (!message.isComplete) return 'accepted'
    this.#drop(key, mid, message)
    this.#complete(stream, mid, message.protocol, unordered, message.view())
    this.#spare = message.giveBuffer()
    return 'accepted'
  }

  /** I-FORWARD-TSN: what is incomplete up to this message never will be complete. */
  skip({ stream, unordered, mid }: SkippedMessages): void {
    const key = keyOf(stream, unordered)
    const messages = this.#streams.get(key)
    for (const [candidate, message] of messages ?? [])
      if (!midSequence.isBehind(mid, candidate)) this.#drop(key, candidate, message)
  }

  /** RFC 6525 §5.2.2: these streams, or all when there are none, begin anew. */
  reset(streams: readonly number[]): void {
    const keys =
      streams.length > 0
        ? streams.flatMap((stream) => [keyOf(stream, false), keyOf(stream, true)])
        : [...this.#streams.keys()]
    for (const key of keys)
      for (const [mid, message] of this.#streams.get(key) ?? []) this.#drop(key, mid, message)
  }

  #open(key: number, mid: number): PartialMessage {
    let messages = this.#streams.get(key)
    if (!messages) {
      messages = new Map()
      this.#streams.set(key, messages)
    }
    const message = new PartialMessage(this.#spare)
    this.#spare = nothing
    messages.set(mid, message)
    this.#held += message.memory
    return message
  }

  #drop(key: number, mid: number, message: PartialMessage): void {
    const messages = this.#streams.get(key)
    messages?.delete(mid)
    if (messages?.size === 0) this.#streams.delete(key)
    this.#held -= message.memory
  }
}

class PartialMessage {
  protocol = 0
  /** Bytes of user data that have come. */
  received = 0
  /** Bytes of memory. */
  memory = messageOverhead
  #buffer: Uint8Array
  #length = 0
  /** The number of the fragment that is copied next. */
  #next = 0
  /** The number of the last fragment, once it is known. */
  #last = Infinity
  /** Fragments whose predecessors are missing. Most messages never have any. */
  #early: Map<number, Uint8Array> | undefined

  /** Begins with this memory, which becomes its own. */
  constructor(buffer: Uint8Array) {
    this.#buffer = buffer
  }

  get isComplete(): boolean {
    return this.#next > this.#last
  }

  /** False for a fragment that cannot be a part of this message. */
  add(fsn: number, isLast: boolean, bytes: Uint8Array, start: number, end: number): boolean {
    if (fsn < this.#next || fsn > this.#last || this.#early?.has(fsn)) return false
    if (isLast) {
      if (this.#last !== Infinity) return false
      for (const other of this.#early?.keys() ?? []) if (other > fsn) return false
      this.#last = fsn
    } else if (fsn === this.#last) {
      return false
    }
    this.received += end - start
    this.memory += end - start
    if (fsn !== this.#next) {
      this.#early ??= new Map()
      this.#early.set(fsn, copyBytes(bytes, start, end))
      this.memory += fragmentOverhead
      return true
    }
    this.#append(bytes, start, end)
    for (let early = this.#early?.get(this.#next); early; early = this.#early?.get(this.#next)) {
      this.#early?.delete(this.#next)
      this.memory -= fragmentOverhead
      this.#append(early, 0, early.length)
    }
    return true
  }

  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** The memory, when the message is used no more; nothing where it is not worth keeping. */
  giveBuffer(): Uint8Array {
    return this.#buffer.length <= largestSpare ? this.#buffer : nothing
  }

  #append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length, 4 * (end - start)))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes.subarray(start, end), this.#length)
    this.#length = length
    this.#next++
  }
}

const keyOf = (stream: number, unordered: boolean): number => 2 * stream + (unordered ? 1 : 0)

const nothing = new Uint8Array(0)

/** A larger buffer is not kept for the next message. */
const largestSpare = 262_144
/** Memory that a message costs beside its bytes, and a fragment that waits. */
const messageOverhead = 256
const fragmentOverhead = 64
