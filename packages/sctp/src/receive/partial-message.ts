import { copyBytes } from '@purertc/bytes'

import type { LargeMessage } from './large-messages.ts'
import type { Memory } from './memory.ts'

/**
 * A message that is being put together from numbered fragments, RFC 8260 §2.1. What comes in order is copied to its
 * place; early fragments wait beside it.
 */
export class PartialMessage implements LargeMessage {
  readonly stream: number
  readonly unordered: boolean
  /** Message identifier. */
  readonly number: number
  protocol = 0
  /** Bytes of user data that have come. */
  received = 0
  isLarge = false
  isFlowing = false
  readonly #account: Memory
  /** Bytes that it takes. */
  #memory = 0
  #buffer: Uint8Array
  #length = 0
  /** The number of the fragment that is copied next. */
  #next = 0
  /** The number of the last fragment, once it is known. */
  #last = Infinity
  /** Fragments whose predecessors are missing. Most messages never have any. */
  #early: Map<number, Uint8Array> | undefined

  /** Begins with the memory of `buffer`, which becomes its own. */
  constructor(account: Memory, stream: number, unordered: boolean, number: number, buffer: Uint8Array) {
    this.#account = account
    this.stream = stream
    this.unordered = unordered
    this.number = number
    this.#buffer = buffer
    this.#charge(messageOverhead)
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
    this.#charge(end - start)
    if (fsn !== this.#next) {
      this.#early ??= new Map()
      this.#early.set(fsn, copyBytes(bytes, start, end))
      this.#charge(fragmentOverhead)
      return true
    }
    this.#append(bytes, start, end)
    for (let early = this.#early?.get(this.#next); early; early = this.#early?.get(this.#next)) {
      this.#early?.delete(this.#next)
      this.#charge(-fragmentOverhead)
      this.#append(early, 0, early.length)
    }
    return true
  }

  /** What has come in order and was not taken yet: borrowed, for the memory is used again. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#length)
    this.#charge(-this.#length)
    this.#length = 0
    return taken
  }

  /** It takes no memory any more. */
  release(): void {
    this.#charge(-this.#memory)
  }

  /** The memory, when the message is used no more; nothing where it is not worth keeping. */
  giveBuffer(): Uint8Array {
    return this.#buffer.length <= largestSpare ? this.#buffer : nothing
  }

  #charge(bytes: number): void {
    this.#memory += bytes
    this.#account.held += bytes
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

const nothing = new Uint8Array(0)

/** A larger buffer is not kept for the next message. */
const largestSpare = 262_144
/** Memory that a message costs beside its bytes, and a fragment that waits. */
const messageOverhead = 256
const fragmentOverhead = 64
