import { gcm } from '@noble/ciphers/aes.js'
import { chacha20poly1305 } from '@noble/ciphers/chacha.js'

import { type Aead, type AeadAlgorithm, aeadSizes, checkKey, checkNonce } from '../aead.ts'
import { ccm8 } from './ccm.ts'

export class NobleAead implements Aead {
  readonly algorithm: AeadAlgorithm
  readonly tagLength: number
  readonly #key: Uint8Array
  readonly #cipher: typeof gcm | typeof chacha20poly1305 | typeof ccm8

  constructor(algorithm: AeadAlgorithm, key: Uint8Array) {
    checkKey(algorithm, key)
    this.algorithm = algorithm
    this.tagLength = aeadSizes[algorithm].tag
    this.#key = new Uint8Array(key)
    this.#cipher = ciphers[algorithm]
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, into: Uint8Array, at: number): number {
    checkNonce(nonce)
    const sealed = this.#cipher(this.#key, nonce, aad).encrypt(plaintext)
    into.set(sealed, at)
    return sealed.length
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, into: Uint8Array, at: number): number {
    checkNonce(nonce)
    if (sealed.length < this.tagLength) return -1
    const cipher = this.#cipher(this.#key, nonce, aad)
    let plaintext: Uint8Array
    try {
      plaintext = cipher.decrypt(sealed)
    } catch {
      // Key and nonce are right: the tag is wrong, or nothing of that length can have been sealed by CCM.
      return -1
    }
    into.set(plaintext, at)
    return plaintext.length
  }
}

const ciphers = {
  'aes-128-gcm': gcm,
  'aes-256-gcm': gcm,
  'chacha20-poly1305': chacha20poly1305,
  'aes-128-ccm-8': ccm8,
} as const
