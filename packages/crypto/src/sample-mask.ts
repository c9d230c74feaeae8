/**
 * A keystream block made of a sample of ciphertext, RFC 9147 §4.2.3: AES in ECB mode, or ChaCha20 with the sample's
 * first four bytes as the counter and the others as the nonce. Whoever lacks the key cannot tell it from noise.
 */
export interface SampleMask {
  /** The mask of the 16 bytes from `at` on: at least five bytes, valid until the next call. Borrows `sample`. */
  of(sample: Uint8Array, at: number): Uint8Array
}

export const sampleLength = 16
