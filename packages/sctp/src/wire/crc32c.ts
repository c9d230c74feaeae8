/**
 * CRC32c, RFC 9260 Appendix A: reflected polynomial 0x82f63b78, sixteen bytes a step ("slicing"). One table per byte
 * position turns sixteen dependent steps into sixteen independent loads; reading words through a DataView halves the
 * time again, whatever the alignment.
 */

/**
 * The CRC register after the bytes from `start` up to `end` of `view`. Begin with `crc` -1 and finish with
 * {@link crc32cFinish}; in between the register may be fed in pieces.
 */
export function crc32cUpdate(crc: number, view: DataView, start: number, end: number): number {
  let at = start
  for (; at + 16 <= end; at += 16) {
    const a = crc ^ view.getInt32(at, true)
    const b = view.getInt32(at + 4, true)
    const c = view.getInt32(at + 8, true)
    const d = view.getInt32(at + 12, true)
    crc =
      t15[a & 0xff]! ^
      t14[(a >>> 8) & 0xff]! ^
      t13[(a >>> 16) & 0xff]! ^
      t12[a >>> 24]! ^
      t11[b & 0xff]! ^
      t10[(b >>> 8) & 0xff]! ^
      t9[(b >>> 16) & 0xff]! ^
      t8[b >>> 24]! ^
      t7[c & 0xff]! ^
      t6[(c >>> 8) & 0xff]! ^
      t5[(c >>> 16) & 0xff]! ^
      t4[c >>> 24]! ^
      t3[d & 0xff]! ^
      t2[(d >>> 8) & 0xff]! ^
      t1[(d >>> 16) & 0xff]! ^
      t0[d >>> 24]!
  }
  for (; at < end; at++) crc = t0[(crc ^ view.getUint8(at)) & 0xff]! ^ (crc >>> 8)
  return crc
}

/** The unsigned CRC of a register. */
export function crc32cFinish(crc: number): number {
  return ~crc >>> 0
}

/** CRC32c of a whole byte array. */
export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return crc32cFinish(crc32cUpdate(-1, view, 0, bytes.length))
}

/** `tables[n][b]`: the CRC of byte `b` followed by `n` zero bytes. */
function makeTables(): Int32Array[] {
  const first = new Int32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    first[byte] = crc
  }
  const tables = [first]
  for (let n = 1; n < 16; n++) {
    const previous = tables[n - 1]!
    tables.push(previous.map((crc) => first[crc & 0xff]! ^ (crc >>> 8)))
  }
  return tables
}

const tables = /* @__PURE__ */ makeTables()
const t0 = tables[0]!
const t1 = tables[1]!
const t2 = tables[2]!
const t3 = tables[3]!
const t4 = tables[4]!
const t5 = tables[5]!
const t6 = tables[6]!
const t7 = tables[7]!
const t8 = tables[8]!
const t9 = tables[9]!
const t10 = tables[10]!
const t11 = tables[11]!
const t12 = tables[12]!
const t13 = tables[13]!
const t14 = tables[14]!
const t15 = tables[15]!
