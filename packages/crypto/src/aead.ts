import { CryptoError } from './crypto-error.ts'

export type AeadAlgorithm = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm-8'

/** Bytes of key, nonce and tag: RFC 5116 §5, RFC 8439 §2.8, and RFC 6655 §3 for CCM with a tag cut to 8 bytes. */
export const aeadSizes: Readonly<Record<AeadAlgorithm, { key: number; nonce: number; tag: number }>> = {
  'aes-128-gcm': { key: 16, nonce: 12, tag: 16 },
  'aes-256-gcm': { key: 32, nonce: 12, tag: 16 },
  'chacha20-poly1305': { key: 32, nonce: 12, tag: 16 },
  'aes-128-ccm-8': { key: 16, nonce: 12, tag: 8 },
}

/**
 * One key of an AEAD, RFC 5116. The caller never repeats a nonce. Arguments are borrowed until the call returns. A
 * nonce of another length than 12 bytes throws `CryptoError` `invalid-nonce`, a destination that is too short a
 * `RangeError`, and so does a plaintext of 16 MiB or more with CCM (RFC 6655 §3).
 */
export interface Aead {
  readonly algorithm: AeadAlgorithm
  /** Bytes by which a sealed text is longer than its plaintext. */
  readonly tagLength: number
  /**
   * Writes ciphertext and tag to `into` from `at` on and returns how many bytes that was:
   * `plaintext.length + tagLength`. `plaintext` may be the same memory as the destination.
   */
  seal(nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, into: Uint8Array, at: number): number
  /**
   * Checks the tag and writes the plaintext to `into` from `at` on. Returns the plaintext's length, or -1 where the
   * text is not authentic: `into` then holds nothing to be trusted.
   */
  open(nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array, into: Uint8Array, at: number): number
  /**
   * The text that will be opened next has this nonce and may have up to `length` bytes, as far as one can tell: time to
   * get ready, where a provider can. For whoever has just opened an authentic text, lest a forger make us compute.
   */
  expect?(nonce: Uint8Array, length: number): void
}

/** For providers: the key's length, which is the caller's fault. */
export function checkKey(algorithm: AeadAlgorithm, key: Uint8Array): void {
  const { key: length } = aeadSizes[algorithm]
  if (key.length !== length)
    throw new CryptoError('invalid-key', `${algorithm} takes a key of ${length} bytes`)
}

/** For providers: all algorithms take 12 bytes, though the engines below would take other lengths for GCM and CCM. */
export function checkNonce(nonce: Uint8Array): void {
  if (nonce.length !== 12) throw new CryptoError('invalid-nonce', 'a nonce has 12 bytes')
}
