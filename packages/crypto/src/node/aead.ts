import {
  createCipheriv,
  createDecipheriv,
  type CipherCCM,
  type DecipherCCM,
  type KeyObject,
} from 'node:crypto'

import { type Aead, type AeadAlgorithm, aeadSizes, checkNonce } from '../aead.ts'

/**
 * As node:crypto does it, with a cipher object for each text. The key stays a KeyObject: a raw key is imported again on
 * every call, which costs four times as much on Node 24.
 */
export class NodeAead implements Aead {
  readonly algorithm: AeadAlgorithm
  readonly tagLength: number
  readonly #key: KeyObject
  readonly #options: { readonly authTagLength: number }
  /** One name for ciphers that share the calls; Node's types name each on its own, and CCM's ask for most. */
  readonly #cipher: 'aes-128-ccm'

  constructor(algorithm: AeadAlgorithm, key: KeyObject) {
    this.algorithm = algorithm
    this.tagLength = aeadSizes[algorithm].tag
    this.#key = key
    this.#options = { authTagLength: this.tagLength }
    this.#cipher = (algorithm === 'aes-128-ccm-8' ? 'aes-128-ccm' : algorithm) as 'aes-128-ccm'
  }

  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, into: Uint8Array, at: number): number {
    checkNonce(nonce)
    const length = plaintext.length
    const cipher: CipherCCM = createCipheriv(this.#cipher, this.#key, nonce, this.#options)
    // The length is what CCM needs beforehand, and the others ignore.
    cipher.setAAD(aad, { plaintextLength: length })
    into.set(cipher.update(plaintext), at)
    cipher.final()
    into.set(cipher.getAuthTag(), at + length)
    return length + this.tagLength
  }

  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, into: Uint8Array, at: number): number {
    checkNonce(nonce)
    const length = sealed.length - this.tagLength
    if (length < 0) return -1
    const decipher: DecipherCCM = createDecipheriv(this.#cipher, this.#key, nonce, this.#options)
    decipher.setAuthTag(sealed.subarray(length))
    let plaintext: Uint8Array
    try {
      decipher.setAAD(aad, { plaintextLength: length })
      plaintext = decipher.update(sealed.subarray(0, length))
      decipher.final()
    } catch {
      // Key and nonce are right: the tag is wrong, or nothing of that length can have been sealed by CCM.
      return -1
    }
    into.set(plaintext, at)
    return length
  }
}
