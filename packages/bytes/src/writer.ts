import type { Brand } from './brand.ts'

/** An open length field of a {@link Writer}: the offset of the first byte it counts. */
export type Mark = Brand<number, 'Mark'>

/**
 * Writes big-endian fields in one pass; length prefixes are patched when they close. The buffer grows by doubling,
 * so a writer that is kept and `reset()` stops allocating.
 *
 * @example
 * const writer = new Writer()
 * const mark = writer.open16()
 * writer.u32(0x2112a442)
 * writer.close16(mark)
 * writer.view() // 0004 2112a442, borrowed until the next write
 */
export class Writer {
  #buffer: Uint8Array
  #at = 0

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#at
  }

  u8(value: number): void {
    const at = this.#grow(1)
    this.#buffer[at] = value
  }

  u16(value: number): void {
    const at = this.#grow(2)
    this.#buffer[at] = value >>> 8
    this.#buffer[at + 1] = value
  }

  u24(value: number): void {
    const at = this.#grow(3)
    this.#buffer[at] = value >>> 16
    this.#buffer[at + 1] = value >>> 8
    this.#buffer[at + 2] = value
  }

  u32(value: number): void {
    const at = this.#grow(4)
    this.#buffer[at] = value >>> 24
    this.#buffer[at + 1] = value >>> 16
    this.#buffer[at + 2] = value >>> 8
    this.#buffer[at + 3] = value
  }

  /** The value must be a non-negative integer below 2^48. */
  u48(value: number): void {
    this.u16(Math.floor(value / 0x1_0000_0000))
    this.u32(value >>> 0)
  }

  u64(value: bigint): void {
    this.u32(Number((value >> 32n) & 0xffff_ffffn))
    this.u32(Number(value & 0xffff_ffffn))
  }

  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length)
    this.#buffer.set(bytes, at)
  }

  /** Appends `length` zero bytes. */
  zeros(length: number): void {
    const at = this.#grow(length)
    this.#buffer.fill(0, at, at + length)
  }

  /** Appends `length` bytes with whatever they held, for the caller to fill through the returned view. */
  reserve(length: number): Uint8Array {
    const at = this.#grow(length)
    return this.#buffer.subarray(at, at + length)
  }

  /** Opens a one-byte length field; {@link Writer.close8} patches it with the number of bytes written since. */
  open8(): Mark {
    return this.#open(1)
  }

  open16(): Mark {
    return this.#open(2)
  }

  open24(): Mark {
    return this.#open(3)
  }

  close8(mark: Mark): void {
    this.#buffer[mark - 1] = this.#lengthSince(mark, 0xff)
  }

  close16(mark: Mark): void {
    this.patch16(mark - 2, this.#lengthSince(mark, 0xffff))
  }

  close24(mark: Mark): void {
    const length = this.#lengthSince(mark, 0xff_ffff)
    this.#buffer[mark - 3] = length >>> 16
    this.patch16(mark - 2, length & 0xffff)
  }

  /** Overwrites two bytes at `offset`, which must have been written before. */
  patch16(offset: number, value: number): void {
    this.#buffer[offset] = value >>> 8
    this.#buffer[offset + 1] = value
  }

  /** Overwrites four bytes at `offset`, which must have been written before. */
  patch32(offset: number, value: number): void {
    this.patch16(offset, value >>> 16)
    this.patch16(offset + 2, value & 0xffff)
  }

  /** What was written, borrowed: valid until the next write or reset. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#at)
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#buffer.slice(0, this.#at)
  }

  /** Forgets what was written from the offset `length` on. */
  truncate(length: number): void {
    if (length < this.#at) this.#at = length
  }

  /** Starts over in the same buffer. */
  reset(): void {
    this.#at = 0
  }

  #open(size: number): Mark {
    return (this.#grow(size) + size) as Mark
  }

  #lengthSince(mark: Mark, limit: number): number {
    const length = this.#at - mark
    if (length > limit) throw new RangeError(`${length} bytes do not fit a length field of at most ${limit}`)
    return length
  }

  #grow(length: number): number {
    const at = this.#at
    const end = at + length
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#buffer.length))
      larger.set(this.#buffer.subarray(0, at))
      this.#buffer = larger
    }
    this.#at = end
    return at
  }
}
