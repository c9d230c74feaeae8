/**
 * A keystream block made of a sample of ciphertext, RFC 9147 §4.2.3: AES in ECB mode, or ChaCha20 with the sample's
 * first four bytes as the counter and the others as the nonce. Whoever lacks the key cannot tell it from noise.
 */
export interface SampleMask {
  /**
   * The mask of the 16 bytes from `at` on: at least five bytes, valid until the next call. Borrows `sample`. Throws
   * `RangeError` where there are fewer than 16.
   */
  of(sample: Uint8Array, at: number): Uint8Array
}

/** For providers: a block cipher would keep a part of a block for the next call. */
export function sampleOf(bytes: Uint8Array, at: number): Uint8Array {
  const sample = bytes.subarray(at, at + sampleLength)
  if (sample.length !== sampleLength) throw new RangeError(`a sample has ${sampleLength} bytes`)
  return sample
}

const sampleLength = 16
