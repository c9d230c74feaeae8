import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type CipherGCM,
  type DecipherGCM,
  type KeyObject,
} from 'node:crypto'

import { type Aead, type AeadAlgorithm, aeadSizes } from '../aead.ts'
import { CryptoError } from '../crypto-error.ts'

/** The key stays a KeyObject: a raw key is imported again on every call, which costs four times as much on Node 24. */
export class NodeAead implements Aead {
  readonly algorithm: AeadAlgorithm
  readonly tagLength: number
  readonly #key: KeyObject
  /** One name for three ciphers that share the calls; Node's types name each on its own. */
  readonly #cipher: 'aes-128-gcm'

  constructor(algorithm: AeadAlgorithm, key: Uint8Array) {
    const sizes = aeadSizes[algorithm]
    if (key.length !== sizes.key)
      throw new CryptoError('invalid-key', `${algorithm} takes a key of ${sizes.key} bytes`)
    this.algorithm = algorithm
    this.tagLength = sizes.tag
    this.#key = createSecretKey(key)
    this.#cipher = algorithm as 'aes-128-gcm'
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, into: Uint8Array, at: number): number {
    const cipher: CipherGCM = createCipheriv(this.#cipher, this.#key, nonce, {
      authTagLength: this.tagLength,
    })
    cipher.setAAD(aad, { plaintextLength: plaintext.length })
    const length = plaintext.length
    into.set(cipher.update(plaintext), at)
    cipher.final()
    into.set(cipher.getAuthTag(), at + length)
    return length + this.tagLength
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, into: Uint8Array, at: number): number {
    const length = sealed.length - this.tagLength
    if (length < 0) return -1
    const decipher: DecipherGCM = createDecipheriv(this.#cipher, this.#key, nonce, {
      authTagLength: this.tagLength,
    })
    decipher.setAuthTag(sealed.subarray(length))
    decipher.setAAD(aad, { plaintextLength: length })
    const plaintext = decipher.update(sealed.subarray(0, length))
    try {
      decipher.final()
    } catch {
      return -1
    }
    into.set(plaintext, at)
    return length
  }
}
