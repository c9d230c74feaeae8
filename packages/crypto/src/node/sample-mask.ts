import { type Cipher, createCipheriv, createSecretKey, type KeyObject } from 'node:crypto'

import { AesEngine, type RoundKeys } from '../aes/aes-engine.ts'
import { type AeadAlgorithm, checkKey } from '../aead.ts'
import { type SampleMask, sampleLength } from '../sample-mask.ts'
import { usesBeforeFast } from './uses-before-fast.ts'

export function createNodeSampleMask(
  algorithm: AeadAlgorithm,
  key: Uint8Array,
  shared: SharedAes,
): SampleMask {
  checkKey(algorithm, key)
  if (algorithm !== 'chacha20-poly1305') return new AesMask(key, shared)
  const secret = createSecretKey(key)
  return {
    // OpenSSL's IV is the counter, little-endian, and the nonce: just what the sample holds.
    of: (sample, at) =>
      createCipheriv('chacha20', secret, sample.subarray(at, at + sampleLength)).update(zeros),
  }
}

/** What all keys of a provider share, made when the first of them is used often. */
export class SharedAes {
  #engine: AesEngine | null | undefined

  /** Null where the machine cannot. */
  get engine(): AesEngine | null {
    if (this.#engine === undefined) this.#engine = AesEngine.create()
    return this.#engine
  }
}

/**
 * AES of one block for each record. A call of OpenSSL's costs half a microsecond, and a Buffer for the collector: a key
 * that is used often goes to {@link AesEngine}.
 */
class AesMask implements SampleMask {
  readonly #shared: SharedAes
  readonly #key: KeyObject
  /** ECB has no state between blocks: one cipher serves as long as the key. */
  readonly #cipher: Cipher
  #uses = 0
  #engine: AesEngine | null = null
  #roundKeys: RoundKeys | null = null

  constructor(key: Uint8Array, shared: SharedAes) {
    this.#shared = shared
    this.#key = createSecretKey(key)
    this.#cipher = createCipheriv(key.length === 16 ? 'aes-128-ecb' : 'aes-256-ecb', this.#key, null)
  }

  of(sample: Uint8Array, at: number): Uint8Array {
    if (this.#roundKeys !== null && this.#engine !== null)
      return this.#engine.encrypt(this.#roundKeys, sample, at)
    if (++this.#uses === usesBeforeFast) {
      this.#engine = this.#shared.engine
      this.#roundKeys = this.#engine?.createRoundKeys(this.#key.export()) ?? null
    }
    return this.#cipher.update(sample.subarray(at, at + sampleLength))
  }
}

const zeros = new Uint8Array(5)
