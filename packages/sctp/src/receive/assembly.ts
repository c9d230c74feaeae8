import type { Tsn } from '../tsn.ts'

/** A message that is being put together; its fragments arrive with consecutive TSNs, RFC 9260 §6.9. */
export class Assembly {
  firstTsn: Tsn = 0 as Tsn
  stream = 0
  ssn = 0
  protocol = 0
  unordered = false
  #buffer: Uint8Array
  #length = 0

  constructor(capacity: number) {
    this.#buffer = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
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
  }

  /** The message so far, borrowed: the memory is used again for another message. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }
}
