import { describe, expect, test } from '@jest/globals'
import { fromHex, toUtf8 } from '@purertc/bytes'
import fc from 'fast-check'

import { crc32c, crc32cFinish, crc32cUpdate } from '../../src/wire/crc32c.ts'

/** RFC 3720 B.4, and the check value of the CRC catalogue. */
const vectors: [string, Uint8Array, number][] = [
  ['32 zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 ascending', Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ['32 descending', Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
  [
    'an iSCSI read command',
    fromHex(`01c00000 00000000 00000000 00000000 14000000 00000400 00000014 00000018
             28000000 00000000 02000000 00000000`),
    0xd9963a56,
  ],
  ['123456789', toUtf8('123456789'), 0xe3069283],
  ['nothing', new Uint8Array(0), 0],
]

/** The definition, bit by bit. */
function textbook(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('CRC32c', () => {
  test.each(vectors)('of %s', (_name, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
  })

  test('by slices is that of the textbook', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(crc32c(bytes)).toBe(textbook(bytes))
      }),
    )
  })

  test('can be computed in pieces, at any offset', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), fc.nat(15), (bytes, cut, shift) => {
        const shifted = new Uint8Array(shift + bytes.length)
        shifted.set(bytes, shift)
        const view = new DataView(shifted.buffer)
        const at = shift + Math.min(cut, bytes.length)
        const crc = crc32cUpdate(crc32cUpdate(-1, view, shift, at), view, at, shifted.length)
        expect(crc32cFinish(crc)).toBe(textbook(bytes))
      }),
    )
  })
})
