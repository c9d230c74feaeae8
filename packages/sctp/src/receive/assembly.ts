import type { Tsn } from '../tsn.ts'
import type { LargeMessage } from './large-messages.ts'
import type { Memory } from './memory.ts'

/** A message that is being put together; its fragments arrive with consecutive TSNs, RFC 9260 §6.9. */
export class Assembly implements LargeMessage {
  firstTsn: Tsn = 0 as Tsn
  stream = 0
  ssn = 0
  protocol = 0
  unordered = false
  /** Bytes of the message that have come. */
  received = 0
  isComplete = false
  isLarge = false
  isFlowing = false
  readonly #memory: Memory
  #buffer: Uint8Array
  #length = 0

  constructor(memory: Memory, capacity: number) {
    this.#memory = memory
    this.#buffer = new Uint8Array(capacity)
  }

  get number(): number {
    return this.ssn
  }

  get capacity(): number {
    return this.#buffer.length
  }

  begin(firstTsn: Tsn, stream: number, ssn: number, protocol: number, unordered: boolean): void {
    this.firstTsn = firstTsn
    this.stream = stream
    this.ssn = ssn
    this.protocol = protocol
    this.unordered = unordered
    this.received = 0
    this.isComplete = false
    this.isLarge = false
    this.isFlowing = false
    this.#length = 0
  }

  /** Copies a fragment to the end: the only copy of a fragment that arrives in order. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const length = this.#length + end - start
    if (length > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#buffer.length))
      larger.set(this.#buffer.subarray(0, this.#length))
      this.#buffer = larger
    }
    this.#buffer.set(bytes.subarray(start, end), this.#length)
    this.#length = length
    this.received += end - start
    this.#memory.held += end - start
  }

  /** What has come and was not taken yet, borrowed: the memory is used again. */
  take(): Uint8Array {
    const taken = this.#buffer.subarray(0, this.#length)
    this.#memory.held -= this.#length
    this.#length = 0
    return taken
  }
}
