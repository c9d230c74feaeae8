/** CRC-32 of ITU-T V.42, what FINGERPRINT is made of (RFC 8489 §14.7): of `bytes` up to, not including, `end`; unsigned. */
export function crc32(bytes: Uint8Array, end: number = bytes.length): number {
  let crc = 0xffff_ffff
  for (let i = 0; i < end; i++) crc = TABLE[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
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
