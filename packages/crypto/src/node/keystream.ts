import { type Cipher, createCipheriv, type KeyObject } from 'node:crypto'

/**
 * The key stream of AES-GCM for sixteen nonces in a row, made by one call of a cipher that is kept. The sixteen are
 * those that differ in their last four bits only, so it does not matter whether the peer counts its nonces up from
 * wherever (RFC 5288 §3) or combines a number with an IV (RFC 9147 §4.2.3).
 */
export class Keystream {
  readonly #ecb: Cipher
  readonly #counters: CounterBlocks
  /** Any of the nonces. */
  readonly #nonce = new Uint8Array(12)
  #bytes = new Uint8Array(0)
  #streams: Uint8Array[] = []
  /** Bytes of a nonce's part. */
  #size = 0

  /** `counters` may serve other key streams, too. */
  constructor(key: KeyObject, counters: CounterBlocks) {
    // A counter block is encrypted for itself, which is what ECB does; its output never leaves as such.
    this.#ecb = createCipheriv(`aes-${8 * (key.symmetricKeySize ?? 0)}-ecb`, key, null)
    this.#ecb.setAutoPadding(false)
    this.#counters = counters
  }

  /** The hash key of GHASH: the block of zeros, encrypted. */
  hashKey(): Uint8Array {
    return new Uint8Array(this.#ecb.update(new Uint8Array(blockSize)))
  }

  /**
   * First the block that hides the tag, then what a text of up to `length` bytes is combined with, and perhaps more.
   * Null where it has not been made. Borrowed until the next {@link Keystream.make}.
   */
  find(nonce: Uint8Array, length: number): Uint8Array | null {
    if (length > this.#size - blockSize) return null
    const known = this.#nonce
    for (let i = 0; i < 11; i++) if (nonce[i] !== known[i]) return null
    if ((nonce[11]! ^ known[11]!) >= nonces) return null
    return this.#streams[nonce[11]! % nonces]!
  }

  /** Makes the key stream of the nonce and its neighbours, for texts of up to `length` bytes, and returns the nonce's. */
  make(nonce: Uint8Array, length: number): Uint8Array {
    const blocks = Math.ceil(length / granularity) * (granularity / blockSize) + 1
    if (blocks * blockSize > this.#size) this.#grow(blocks * blockSize)
    this.#nonce.set(nonce)
    this.#bytes.set(this.#ecb.update(this.#counters.of(nonce, this.#size / blockSize)))
    return this.#streams[nonce[11]! % nonces]!
  }

  #grow(size: number): void {
    this.#size = size
    this.#bytes = new Uint8Array(nonces * size)
    this.#streams = Array.from({ length: nonces }, (_, i) => this.#bytes.subarray(i * size, (i + 1) * size))
  }
}

/** Scratch for the blocks that are encrypted: nonce, and a counter from 1 (NIST SP 800-38D §7.1, J₀ for 96 bits). */
export class CounterBlocks {
  readonly #start = new Uint8Array(blockSize)
  readonly #startWords = new Uint32Array(this.#start.buffer)
  #bytes = new Uint8Array(0)
  #words = new Uint32Array(0)
  #blocks = 0

  /** The first `blocks` blocks of the nonce and each of its neighbours in turn. Borrowed until the next call. */
  of(nonce: Uint8Array, blocks: number): Uint8Array {
    if (blocks !== this.#blocks) this.#resize(blocks)
    const words = this.#words
    const start = this.#start
    const startWords = this.#startWords
    start.set(nonce)
    let at = 0
    for (let neighbour = 0; neighbour < nonces; neighbour++) {
      start[11] = (nonce[11]! & -nonces) | neighbour
      const [first, second, third] = [startWords[0]!, startWords[1]!, startWords[2]!]
      for (let block = 0; block < blocks; block++, at += 4) {
        words[at] = first
        words[at + 1] = second
        words[at + 2] = third
      }
    }
    return this.#bytes
  }

  #resize(blocks: number): void {
    this.#blocks = blocks
    this.#bytes = new Uint8Array(nonces * blocks * blockSize)
    this.#words = new Uint32Array(this.#bytes.buffer)
    // The counters are the same for every nonce, and below 256.
    for (let i = 0; i < nonces * blocks; i++) this.#bytes[i * blockSize + 15] = (i % blocks) + 1
  }
}

const blockSize = 16
/** A power of two: nonces are neighbours that have all but these last bits in common. */
const nonces = 16
/** Texts of about one length shall share a size. */
const granularity = 128
