import { createHmac } from 'node:crypto'

import { _SHA1 as NobleSha1 } from '@noble/hashes/legacy.js'

import { checkHmac, type HashAlgorithm, hashSizes, type Hmac } from '../hash.ts'
import { plain } from './bytes.ts'

/**
 * RFC 2104. STUN signs messages of a hundred bytes with SHA-1, where what `createHmac` makes and the collector removes
 * costs more than the hashing: those are hashed by noble, whose state is kept instead of made anew, in half of the time
 * and without garbage. The rest goes to OpenSSL.
 */
export class NodeHmac {
  readonly #sha1 = new Sha1()

  compute(algorithm: HashAlgorithm, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    if (algorithm === 'sha1' && key.length <= BLOCK && isShort(parts)) return this.#computeShort(key, parts)
    const hmac = createHmac(algorithm, key)
    for (const part of parts) hmac.update(part)
    return plain(hmac.digest())
  }

  /** As `CryptoProvider.createHmac`. */
  create(algorithm: HashAlgorithm, key: Uint8Array): Hmac {
    if (algorithm === 'sha1' && key.length <= BLOCK) return new KeyedSha1(this.#sha1, key)
    const kept = Uint8Array.from(key)
    return {
      compute: (message, length, into) => {
        checkHmac(hashSizes[algorithm], message, length, into)
        into.set(createHmac(algorithm, kept).update(message.subarray(0, length)).digest())
      },
    }
  }

  #computeShort(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    const sha1 = this.#sha1
    const digest = new Uint8Array(sha1.outputLen)
    sha1.startKeyed(key, INNER)
    for (const part of parts) sha1.absorb(part, part.length)
    sha1.finish(digest)
    sha1.startKeyed(key, OUTER)
    sha1.absorb(digest, digest.length)
    sha1.finish(digest)
    return digest
  }
}

/** The key's two blocks are hashed once: what is kept is the state behind them. */
class KeyedSha1 implements Hmac {
  readonly #sha1: Sha1
  /** Both in one list: of thousands of keys, each is looked for in memory rather than in a cache. */
  readonly #states: readonly number[]

  constructor(sha1: Sha1, key: Uint8Array) {
    this.#sha1 = sha1
    sha1.startKeyed(key, INNER)
    const inner = sha1.state
    sha1.startKeyed(key, OUTER)
    this.#states = [...inner, ...sha1.state]
  }

  compute(message: Uint8Array, length: number, into: Uint8Array): void {
    const sha1 = this.#sha1
    checkHmac(sha1.outputLen, message, length, into)
    sha1.resume(this.#states, 0)
    sha1.absorb(message, length)
    sha1.finish(into)
    sha1.resume(this.#states, STATE)
    sha1.absorb(into, sha1.outputLen)
    sha1.finish(into)
  }
}

/** noble's SHA-1, used again and again: its state can be left and returned to at the end of the first block. */
class Sha1 extends NobleSha1 {
  readonly #initial: readonly number[] = this.get()

  get state(): readonly number[] {
    return this.get()
  }

  /** Begins a message with the block that `key` and `pad` make. */
  startKeyed(key: Uint8Array, pad: number): void {
    const { buffer } = this
    this.resume(this.#initial, 0)
    for (let i = 0; i < BLOCK; i++) buffer[i] = (key[i] ?? 0) ^ pad
    this.process(this.view, 0)
    buffer.fill(0)
  }

  /** Goes on behind a first block, from the state that is at `at` of a list. */
  resume(states: readonly number[], at: number): void {
    this.set(states[at]!, states[at + 1]!, states[at + 2]!, states[at + 3]!, states[at + 4]!)
    this.length = BLOCK
    this.pos = 0
    this.finished = false
  }

  /** As `update`, without a view of the bytes. */
  absorb(bytes: Uint8Array, length: number): void {
    const { buffer } = this
    let { pos } = this
    for (let i = 0; i < length; i++) {
      buffer[pos++] = bytes[i]!
      if (pos < BLOCK) continue
      this.process(this.view, 0)
      pos = 0
    }
    this.pos = pos
    this.length += length
  }

  /** As `digestInto`, which is spared a view of `into`. */
  finish(into: Uint8Array): void {
    const { buffer } = this
    this.digestInto(buffer)
    for (let i = 0; i < this.outputLen; i++) into[i] = buffer[i]!
  }
}

function isShort(parts: readonly Uint8Array[]): boolean {
  let length = 0
  for (const part of parts) length += part.length
  return length <= SHORT
}

/** Bytes of a block of SHA-1. */
const BLOCK = 64

/** Words of a state. */
const STATE = 5

/** Bytes up to which JavaScript is the faster one. */
const SHORT = 256

const INNER = 0x36
const OUTER = 0x5c
