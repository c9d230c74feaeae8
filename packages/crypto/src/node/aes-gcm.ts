import { createSecretKey, type KeyObject } from 'node:crypto'

import { type Aead, type AeadAlgorithm, checkKey, checkNonce } from '../aead.ts'
import { GcmEngine, type HashKey } from '../gcm/gcm-engine.ts'
import { NodeAead } from './aead.ts'
import { CounterBlocks, Keystream } from './keystream.ts'

/**
 * AES-GCM for records. `createCipheriv` costs more than what it then does to a record of a kilobyte, so a key that has
 * been used often keeps an AES context, makes the key stream of many records at once, and leaves the rest to
 * {@link GcmEngine}. Long texts, odd additional data and nonces out of turn go the ordinary way.
 */
export class NodeAesGcm implements Aead {
  readonly algorithm: AeadAlgorithm
  readonly tagLength = 16
  readonly #shared: SharedGcm
  readonly #ordinary: NodeAead
  readonly #key: KeyObject
  #uses = 0
  #fast: FastKey | null = null

  constructor(algorithm: 'aes-128-gcm' | 'aes-256-gcm', key: Uint8Array, shared: SharedGcm) {
    checkKey(algorithm, key)
    this.algorithm = algorithm
    this.#shared = shared
    this.#key = createSecretKey(key)
    this.#ordinary = new NodeAead(algorithm, this.#key)
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, into: Uint8Array, at: number): number {
    checkNonce(nonce)
    const length = plaintext.length
    const fast = this.#fastFor(length, aad.length)
    if (fast === null) return this.#ordinary.seal(nonce, aad, plaintext, into, at)
    const keystream = fast.keystream.find(nonce, length) ?? fast.keystream.make(nonce, length)
    return fast.engine.seal(fast.hashKey, keystream, aad, plaintext, into, at)
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, into: Uint8Array, at: number): number {
    checkNonce(nonce)
    const length = sealed.length - this.tagLength
    if (length < 0) return -1
    const fast = this.#fastFor(length, aad.length)
    const keystream = fast === null ? null : fast.keystream.find(nonce, length)
    if (fast !== null && keystream !== null)
      return fast.engine.open(fast.hashKey, keystream, aad, sealed, into, at)
    return this.#ordinary.open(nonce, aad, sealed, into, at)
  }

  expect(nonce: Uint8Array, length: number): void {
    const fast = this.#fast
    if (fast === null || length > GcmEngine.maxLength) return
    if (fast.keystream.find(nonce, length) === null) fast.keystream.make(nonce, length)
  }

  #fastFor(length: number, aadLength: number): FastKey | null {
    if (length > GcmEngine.maxLength || aadLength > GcmEngine.maxAadLength) return null
    if (this.#uses < usesBeforeFast) {
      this.#uses++
      return null
    }
    return (this.#fast ??= this.#shared.createFastKey(this.#key))
  }
}

/** What all keys of a provider share, made when the first of them is used often. */
export class SharedGcm {
  readonly #counters = new CounterBlocks()
  #engine: GcmEngine | null | undefined

  /** Null where the machine cannot. */
  createFastKey(key: KeyObject): FastKey | null {
    if (this.#engine === undefined) this.#engine = GcmEngine.create()
    const engine = this.#engine
    if (engine === null) return null
    const keystream = new Keystream(key, this.#counters)
    return { engine, keystream, hashKey: engine.createHashKey(keystream.hashKey()) }
  }
}

interface FastKey {
  readonly engine: GcmEngine
  readonly keystream: Keystream
  readonly hashKey: HashKey
}

/** A key that handles no more than a handshake and some messages shall cost neither time nor memory. */
const usesBeforeFast = 64
