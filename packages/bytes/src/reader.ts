import { DecodeError } from './decode-error.ts'

/**
 * Reads big-endian fields from a window of a byte array. It never reads past the window: a field that would,
 * throws {@link DecodeError} `truncated`.
 *
 * @example
 * const extensions = reader.sub(reader.u16())
 * while (!extensions.isEmpty) list.push(decodeExtension(extensions))
 * reader.done()
 */
export class Reader {
  readonly buffer: Uint8Array
  readonly #end: number
  #at: number

  /** Reads `buffer` from `start` up to, not including, `end`. */
  constructor(buffer: Uint8Array, start = 0, end: number = buffer.length) {
    if (start < 0 || end > buffer.length || start > end) throw new DecodeError('truncated')
    this.buffer = buffer
    this.#at = start
    this.#end = end
  }

  /** Offset of the next byte in `buffer`. */
  get position(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#end - this.#at
  }

  get isEmpty(): boolean {
    return this.#at === this.#end
  }

  u8(): number {
    return this.buffer[this.#take(1)]!
  }

  u16(): number {
    const at = this.#take(2)
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!
  }

  u24(): number {
    const at = this.#take(3)
    return (this.buffer[at]! << 16) | (this.buffer[at + 1]! << 8) | this.buffer[at + 2]!
  }

  u32(): number {
    const at = this.#take(4)
    return (
      ((this.buffer[at]! << 24) |
        (this.buffer[at + 1]! << 16) |
        (this.buffer[at + 2]! << 8) |
        this.buffer[at + 3]!) >>>
      0
    )
  }

  /** 48 bits fit a double exactly. */
  u48(): number {
    const high = this.u16()
    return high * 0x1_0000_0000 + this.u32()
  }

  u64(): bigint {
    const high = BigInt(this.u32())
    return (high << 32n) | BigInt(this.u32())
  }

  /** A view of the next `length` bytes: borrowed from `buffer`, copy it to keep it. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return this.buffer.subarray(at, at + length)
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  /** A child bound to the next `length` bytes, which this reader skips. */
  sub(length: number): Reader {
    const at = this.#take(length)
    return new Reader(this.buffer, at, at + length)
  }

  skip(length: number): void {
    this.#take(length)
  }

  /** Proves that the window was consumed to its last byte; else throws {@link DecodeError} `trailing-data`. */
  done(): void {
    if (this.#at !== this.#end) throw new DecodeError('trailing-data')
  }

  #take(length: number): number {
    const at = this.#at
    if (length < 0 || at + length > this.#end) throw new DecodeError('truncated')
    this.#at = at + length
    return at
  }
}
