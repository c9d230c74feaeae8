import { createHmac } from 'node:crypto'

import { sha1 } from '@noble/hashes/legacy.js'

import type { HashAlgorithm } from '../hash.ts'
import { plain } from './bytes.ts'

/**
 * RFC 2104. STUN signs messages of a hundred bytes with SHA-1, where what `createHmac` makes and the collector removes
 * costs more than the hashing: those are hashed in JavaScript, in 2 µs instead of 3 to 6. The rest goes to OpenSSL.
 */
export class NodeHmac {
  readonly #fresh = sha1.create()
  readonly #hash = sha1.create()
  readonly #block = new Uint8Array(BLOCK)

  compute(algorithm: HashAlgorithm, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    if (algorithm === 'sha1' && key.length <= BLOCK && isShort(parts)) return this.#computeShort(key, parts)
    const hmac = createHmac(algorithm, key)
    for (const part of parts) hmac.update(part)
    return plain(hmac.digest())
  }

  #computeShort(key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    const digest = new Uint8Array(sha1.outputLen)
    const block = this.#block
    block.fill(0)
    block.set(key)
    for (let i = 0; i < BLOCK; i++) block[i]! ^= INNER
    this.#begin(block)
    for (const part of parts) this.#hash.update(part)
    this.#hash.digestInto(digest)
    for (let i = 0; i < BLOCK; i++) block[i]! ^= INNER ^ OUTER
    this.#begin(block)
    this.#hash.update(digest).digestInto(digest)
    block.fill(0)
    return digest
  }

  #begin(block: Uint8Array): void {
    this.#fresh._cloneInto(this.#hash)
    this.#hash.update(block)
  }
}

function isShort(parts: readonly Uint8Array[]): boolean {
  let length = 0
  for (const part of parts) length += part.length
  return length <= SHORT
}

/** Bytes of a block of SHA-1. */
const BLOCK = 64

/** Bytes up to which JavaScript is the faster one. */
const SHORT = 256

const INNER = 0x36
const OUTER = 0x5c
