import { describe, expect, test } from '@jest/globals'
import { fromHex, toHex } from '@purertc/bytes'
import fc from 'fast-check'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket, encodePacket } from '../../src/wire/packet.ts'

const packet = {
  sourcePort: 5_000,
  destinationPort: 5_000,
  verificationTag: 0xdead_beef,
  chunks: [{ type: ChunkType.cookieAck }, { type: ChunkType.shutdownAck }],
} as const

describe('packets', () => {
  test('survive encoding and decoding', () => {
    expect(decodePacket(encodePacket(packet))).toEqual(packet)
  })

  test('carry the checksum of the textbook, its least significant byte first', () => {
    const bytes = encodePacket(packet)
    expect(toHex(bytes)).toBe(toHex(seal(fromHex('13881388 deadbeef 00000000 0b000004 08000004'))))
  })

  test('every flipped bit is found', () => {
    const bytes = encodePacket(packet)
    for (let bit = 0; bit < 8 * bytes.length; bit++) {
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(decodePacket(flipped)).toBeNull()
    }
  })

  test('any bytes decode to null or to a packet', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(decodePacket(bytes)).toBeNull()
      }),
    )
  })

  test('an INIT of a peer in the wild decodes', () => {
    // The form of usrsctp's first packet, with its parameters, written from RFC 9260 §3.3.2.
    const bytes = fromHex(`13881388 00000000 00000000 01 00 0056 d3a1f9c2 00020000 ffff 0800 8c3f1e77
      c000 0004  8008 000b c2 82 0f c0 c1 80 40 00
      8002 0024 ${'5a'.repeat(32)}  8004 0006 0001 0000  8003 0006 80 c1 0000`)
    const decoded = decodePacket(seal(bytes))
    expect(decoded?.chunks[0]).toMatchObject({
      type: ChunkType.init,
      outboundStreams: 65_535,
      inboundStreams: 2_048,
    })
  })
})

/** Fills in the checksum, computed bit by bit as RFC 9260 Appendix A defines it. */
function seal(packet: Uint8Array): Uint8Array {
  let crc = 0xffff_ffff
  for (const byte of packet) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  const sealed = Uint8Array.from(packet)
  new DataView(sealed.buffer).setUint32(8, ~crc >>> 0, true)
  return sealed
}
