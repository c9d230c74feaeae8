import { crc32 } from './crc32.ts'

/**
 * FINGERPRINT, RFC 8489 §14.7: a CRC-32 (ITU-T V.42) of the message up to the attribute, XORed with "STUN" in ASCII, so
 * that a checksum at the same place of another protocol does not match.
 */

/** Bytes of the whole attribute. */
export const FINGERPRINT_LENGTH = 8

/** The value of the attribute over `bytes` up to, not including, `end`. The length field must already count it. */
export function fingerprint(bytes: Uint8Array, end: number): number {
  return (crc32(bytes, end) ^ 0x5354_554e) >>> 0
}
