/** MD5 and SHA-1 are here for STUN alone (RFC 8489 §9.2.2 and §14.5), where they key and form an HMAC. */
export type HashAlgorithm = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Bytes of digest. */
export const hashSizes: Readonly<Record<HashAlgorithm, number>> = {
  md5: 16,
  sha1: 20,
  sha256: 32,
  sha384: 48,
  sha512: 64,
}

/** A running hash, for transcripts. */
export interface Hash {
  update(data: Uint8Array): void
  /** The digest of all updates so far; the hash can go on afterwards. */
  digest(): Uint8Array
}

/** HMAC under one key, RFC 2104, that is set up once: for what is signed again and again. */
export interface Hmac {
  /**
   * Of the first `length` bytes of `message`; the digest is written to the start of `into`. Throws `RangeError` where the
   * message is shorter, or `into` than the digest.
   */
  compute(message: Uint8Array, length: number, into: Uint8Array): void
}

/** For providers: a message or a destination that is too short is the caller's fault. */
export function checkHmac(digestLength: number, message: Uint8Array, length: number, into: Uint8Array): void {
  if (length > message.length) throw new RangeError(`the message has ${message.length} bytes, not ${length}`)
  if (into.length < digestLength) throw new RangeError(`the digest takes ${digestLength} bytes`)
}
