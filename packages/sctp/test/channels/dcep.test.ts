import { describe, expect, test } from '@jest/globals'
import { fromHex, toHex } from '@purertc/bytes'
import fc from 'fast-check'

import { type ChannelOpen, decodeDcep, encodeAck, encodeOpen } from '../../src/channels/dcep.ts'

const open: ChannelOpen = {
  type: 'open',
  priority: 256,
  ordered: true,
  maxRetransmits: undefined,
  maxPacketLifeTime: undefined,
  label: 'chat',
  protocol: 'v1',
}

/** Written by hand from RFC 8832 §5. */
const vectors: [string, string, ChannelOpen][] = [
  ['reliable', '03 00 0100 00000000 0004 0002 63686174 7631', open],
  ['unordered', '03 80 0100 00000000 0004 0002 63686174 7631', { ...open, ordered: false }],
  ['with retransmits', '03 01 0100 00000003 0004 0002 63686174 7631', { ...open, maxRetransmits: 3 }],
  [
    'without any',
    '03 81 0100 00000000 0004 0002 63686174 7631',
    { ...open, ordered: false, maxRetransmits: 0 },
  ],
  ['timed', '03 02 0100 000003e8 0004 0002 63686174 7631', { ...open, maxPacketLifeTime: 1_000 }],
  ['without names', '03 00 0100 00000000 0000 0000', { ...open, label: '', protocol: '' }],
  ['not in ASCII', '03 00 0100 00000000 0003 0000 e29c93', { ...open, label: '✓', protocol: '' }],
]

describe('DATA_CHANNEL_OPEN', () => {
  test.each(vectors)('%s', (_name, wire, message) => {
    expect(decodeDcep(fromHex(wire))).toEqual(message)
    expect(toHex(encodeOpen(message))).toBe(toHex(fromHex(wire)))
  })

  test.each([
    ['cut short', '03 00 0100 00000000 0004 0002 63686174 76'],
    ['with bytes left over', '03 00 0100 00000000 0004 0002 63686174 7631 00'],
    ['of an unknown reliability', '03 03 0100 00000000 0000 0000'],
    ['with a label that is no UTF-8', '03 00 0100 00000000 0001 0000 ff'],
    ['without a header', '03'],
  ])('%s is refused', (_name, wire) => {
    expect(decodeDcep(fromHex(wire))).toBeNull()
  })
})

test('DATA_CHANNEL_ACK is one byte', () => {
  expect(toHex(encodeAck())).toBe('02')
  expect(decodeDcep(encodeAck())).toEqual({ type: 'ack' })
})

test('any bytes decode to null, or to a message that survives encoding', () => {
  const bytes = fc.uint8Array({ maxLength: 40 }).map((tail) => Uint8Array.of(3, ...tail))
  fc.assert(
    fc.property(fc.oneof(bytes, fc.uint8Array({ maxLength: 40 })), (wire) => {
      const message = decodeDcep(wire)
      if (message?.type === 'open') expect(decodeDcep(encodeOpen(message))).toEqual(message)
    }),
    { numRuns: 2_000 },
  )
  const anyOpen = fc.record({
    type: fc.constant('open' as const),
    priority: fc.nat(0xffff),
    ordered: fc.boolean(),
    maxRetransmits: fc.constant(undefined),
    maxPacketLifeTime: fc.option(fc.nat(), { nil: undefined }),
    label: fc.string({ unit: 'grapheme' }),
    protocol: fc.string({ unit: 'grapheme' }),
  })
  fc.assert(
    fc.property(anyOpen, (message) => {
      expect(decodeDcep(encodeOpen(message))).toEqual(message)
    }),
  )
})
