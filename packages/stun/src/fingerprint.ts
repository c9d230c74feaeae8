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

function crc32(bytes: Uint8Array, end: number): number {
  let crc = 0xffff_ffff
  for (let i = 0; i < end; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc
}

const TABLE: Int32Array = /* @__PURE__ */ makeTable()

/** The remainders of all bytes by the reflected polynomial. */
function makeTable(): Int32Array {
  const table = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >>> 1 : (crc >>> 1) ^ 0xedb8_8320
    table[byte] = crc
  }
  return table
}
