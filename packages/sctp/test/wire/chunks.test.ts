import { describe, expect, test } from '@jest/globals'
import { fromHex, Reader, toHex, Writer } from '@purertc/bytes'
import fc from 'fast-check'

import { Tsn } from '../../src/tsn.ts'
import { type Chunk, decodeChunk, encodeChunk, tryDecodeChunk } from '../../src/wire/chunk.ts'
import { ChunkType, unknownTypeAction } from '../../src/wire/chunk-type.ts'
import { putDataHeader } from '../../src/wire/data.ts'
import { putSackHeader } from '../../src/wire/sack.ts'

/** Written by hand from the pictures in RFC 9260 §3.3, RFC 3758 §3.2 and RFC 6525 §3 and §4. */
const vectors: [string, string, Chunk][] = [
  [
    'DATA',
    '00 07 0013 00000001 0002 0003 00000033 616263 00',
    {
      type: ChunkType.data,
      flags: 7,
      tsn: Tsn.of(1),
      stream: 2,
      ssn: 3,
      protocol: 51,
      data: fromHex('616263'),
    },
  ],
  [
    'INIT',
    '01 00 0025 01020304 00020000 000a 0014 fffffffe c000 0004 8008 0006 82c0 0000 8001 0005 ff 000000',
    {
      type: ChunkType.init,
      initiateTag: 0x01020304,
      receiverWindow: 0x20000,
      outboundStreams: 10,
      inboundStreams: 20,
      initialTsn: Tsn.of(0xffff_fffe),
      parameters: [
        { type: 0xc000, value: new Uint8Array(0) },
        { type: 0x8008, value: fromHex('82c0') },
        { type: 0x8001, value: fromHex('ff') },
      ],
    },
  ],
  [
    'INIT ACK',
    '02 00 001c 01020304 00020000 ffff ffff 00000000 0007 0008 deadbeef',
    {
      type: ChunkType.initAck,
      initiateTag: 0x01020304,
      receiverWindow: 0x20000,
      outboundStreams: 65_535,
      inboundStreams: 65_535,
      initialTsn: Tsn.of(0),
      parameters: [{ type: 7, value: fromHex('deadbeef') }],
    },
  ],
  [
    'SACK',
    '03 00 001c ffffffff 00001000 0002 0001 0002 0003 0005 0005 00000007',
    {
      type: ChunkType.sack,
      cumulativeTsn: Tsn.of(0xffff_ffff),
      receiverWindow: 4_096,
      gaps: [
        { start: 2, end: 3 },
        { start: 5, end: 5 },
      ],
      duplicates: [Tsn.of(7)],
    },
  ],
  ['HEARTBEAT', '04 00 000b 0001 0007 010203 00', { type: ChunkType.heartbeat, info: fromHex('010203') }],
  ['HEARTBEAT ACK', '05 00 0008 0001 0004', { type: ChunkType.heartbeatAck, info: new Uint8Array(0) }],
  [
    'ABORT',
    '06 01 000b 000c 0007 627965 00',
    { type: ChunkType.abort, tagReflected: true, causes: [{ type: 12, value: fromHex('627965') }] },
  ],
  ['SHUTDOWN', '07 00 0008 0000002a', { type: ChunkType.shutdown, cumulativeTsn: Tsn.of(42) }],
  ['SHUTDOWN ACK', '08 00 0004', { type: ChunkType.shutdownAck }],
  [
    'ERROR',
    '09 00 0014 0001 0008 0007 0000 0003 0008 000003e8',
    {
      type: ChunkType.error,
      causes: [
        { type: 1, value: fromHex('00070000') },
        { type: 3, value: fromHex('000003e8') },
      ],
    },
  ],
  ['COOKIE ECHO', '0a 00 0006 abcd 0000', { type: ChunkType.cookieEcho, cookie: fromHex('abcd') }],
  ['COOKIE ACK', '0b 00 0004', { type: ChunkType.cookieAck }],
  ['SHUTDOWN COMPLETE', '0e 01 0004', { type: ChunkType.shutdownComplete, tagReflected: true }],
  [
    'RE-CONFIG',
    '82 00 0022 0010 000c 00000005 00000001 000d 0012 00000006 00000005 000003e8 0001 0000',
    {
      type: ChunkType.reConfig,
      parameters: [
        { type: 16, responseSequence: 5, result: 1 },
        { type: 13, requestSequence: 6, responseSequence: 5, lastTsn: Tsn.of(1_000), streams: [1] },
      ],
    },
  ],
  [
    'RE-CONFIG with a request that we deny',
    '82 00 0010 0011 000c 00000009 00020000',
    { type: ChunkType.reConfig, parameters: [{ type: 17, requestSequence: 9, rest: fromHex('00020000') }] },
  ],
  [
    'I-DATA, the beginning of a message',
    '40 06 0017 00000001 0002 0000 00000003 00000033 616263 00',
    {
      type: ChunkType.iData,
      flags: 6,
      tsn: Tsn.of(1),
      stream: 2,
      mid: 3,
      protocolOrFsn: 51,
      data: fromHex('616263'),
    },
  ],
  [
    'I-FORWARD-TSN',
    'c2 00 0018 00000064 0001 0000 00000002 0003 0001 00000004',
    {
      type: ChunkType.iForwardTsn,
      newCumulativeTsn: Tsn.of(100),
      skips: [
        { stream: 1, unordered: false, mid: 2 },
        { stream: 3, unordered: true, mid: 4 },
      ],
    },
  ],
  ['PAD', '84 00 000a 000000000000 0000', { type: ChunkType.pad, padding: 6 }],
  [
    'FORWARD TSN',
    'c0 00 0010 00000064 0001 0002 0003 0004',
    {
      type: ChunkType.forwardTsn,
      newCumulativeTsn: Tsn.of(100),
      skips: [
        { stream: 1, ssn: 2 },
        { stream: 3, ssn: 4 },
      ],
    },
  ],
]

/** Decodes what stands in the chunk that `bytes` begin with. */
function decode(bytes: Uint8Array): Chunk | null {
  const length = (bytes[2]! << 8) | bytes[3]!
  return decodeChunk(bytes[0]!, bytes[1]!, new Reader(bytes, 4, length))
}

function encode(chunk: Chunk): Uint8Array {
  const writer = new Writer()
  encodeChunk(writer, chunk)
  return writer.finish()
}

const plain = (chunk: Chunk | null): unknown => structuredClone(chunk)

describe('chunks', () => {
  test.each(vectors)('%s decodes', (_name, wire, chunk) => {
    expect(plain(decode(fromHex(wire)))).toEqual(plain(chunk))
  })

  test.each(vectors)('%s encodes', (_name, wire, chunk) => {
    expect(toHex(encode(chunk))).toBe(toHex(fromHex(wire)))
  })

  test.each([
    ['a DATA without user data', '00 03 0010 00000001 0002 0003 00000033'],
    ['a truncated DATA', '00 03 000c 00000001 0002 0003'],
    [
      'an INIT whose parameter is longer than it',
      '01 00 0018 01020304 00020000 000a 0014 00000001 0007 0009 00000000',
    ],
    ['an INIT with a parameter of length 3', '01 00 0018 01020304 00020000 000a 0014 00000001 0007 0003'],
    ['a SACK with more blocks than bytes', '03 00 0010 00000001 00001000 0001 0000'],
    ['a SACK with bytes left over', '03 00 0014 00000001 00001000 0000 0000 00000000'],
    ['a HEARTBEAT without info', '04 00 0004'],
    ['a HEARTBEAT with another parameter', '04 00 0008 0002 0004'],
    ['a SHUTDOWN of 12 bytes', '07 00 000c 0000002a 00000000'],
    ['a COOKIE ACK with content', '0b 00 0008 00000000'],
    ['an ERROR without cause', '09 00 0004'],
    ['a FORWARD TSN with half a stream', 'c0 00 000a 00000064 0001'],
    ['a RE-CONFIG without parameters', '82 00 0004'],
    [
      'a RE-CONFIG with three parameters',
      '82 00 0028 0010 000c 00000005 00000001 0010 000c 00000005 00000001 0010 000c 00000005 00000001',
    ],
    ['a RE-CONFIG with an unknown parameter', '82 00 0008 0099 0004'],
  ])('%s is refused', (_name, wire) => {
    expect(() => decode(fromHex(wire))).toThrow(expect.objectContaining({ name: 'DecodeError' }))
  })

  test('unknown types are told apart from malformed ones', () => {
    expect(decodeChunk(0x3f, 0, new Reader(new Uint8Array(0)))).toBeNull()
  })

  test('any bytes decode to null, or to a chunk that survives encoding', () => {
    const types = fc.oneof(fc.constantFrom(...Object.values(ChunkType)), fc.nat(255))
    fc.assert(
      fc.property(types, fc.nat(255), fc.uint8Array({ maxLength: 80 }), (type, flags, bytes) => {
        const chunk = tryDecodeChunk(type, flags, new Reader(bytes))
        if (chunk) expect(plain(decode(encode(chunk)))).toEqual(plain(chunk))
      }),
      { numRuns: 2_000 },
    )
  })

  test('mutated chunks decode to null, or to a chunk that survives encoding', () => {
    fc.assert(
      fc.property(fc.nat(vectors.length - 1), fc.nat(60), fc.nat(255), (index, at, value) => {
        const bytes = fromHex(vectors[index]![1])
        if (at >= bytes.length || at === 2 || at === 3) return
        bytes[at] = value
        const length = (bytes[2]! << 8) | bytes[3]!
        const chunk = tryDecodeChunk(bytes[0]!, bytes[1]!, new Reader(bytes, 4, length))
        if (chunk) expect(plain(decode(encode(chunk)))).toEqual(plain(chunk))
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('the hot path', () => {
  test('writes the same DATA header as the codec', () => {
    const bytes = new Uint8Array(24)
    putDataHeader(bytes, 2, 3, 0xfedc_ba98, 0x1234, 0xabcd, 0x8000_0001, 5)
    const data = new Uint8Array(5)
    const chunk = {
      type: ChunkType.data,
      flags: 3,
      tsn: Tsn.of(0xfedc_ba98),
      stream: 0x1234,
      ssn: 0xabcd,
    } as const
    expect(toHex(bytes.subarray(2))).toBe(
      toHex(encode({ ...chunk, protocol: 0x8000_0001, data }).subarray(0, 22)),
    )
  })

  test('writes the same SACK header as the codec', () => {
    const bytes = new Uint8Array(16)
    putSackHeader(bytes, 0, 0xfedc_ba98, 0xffff_fff0, 0, 0)
    const chunk = {
      type: ChunkType.sack,
      cumulativeTsn: Tsn.of(0xfedc_ba98),
      receiverWindow: 0xffff_fff0,
    } as const
    expect(toHex(bytes)).toBe(toHex(encode({ ...chunk, gaps: [], duplicates: [] })))
  })
})

test.each([
  [0b00, true, false],
  [0b01, true, true],
  [0b10, false, false],
  [0b11, false, true],
])('the high bits %d of an unknown type mean stop: %s, report: %s', (bits, stop, report) => {
  expect(unknownTypeAction(bits)).toEqual({ stop, report })
})
