import { describe, expect, test } from '@jest/globals'
import { concatBytes, fromHex } from '@purertc/bytes'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { CauseCode } from '../../src/wire/error-cause.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

/** A DATA chunk with the text "behind", encoded by hand. */
function behind(peer: ScriptedPeer): Uint8Array {
  const bytes = fromHex('00 03 0016 00000000 0000 0000 00000033 626568696e64 0000')
  new DataView(bytes.buffer).setUint32(4, peer.tsn)
  return bytes
}

describe('a chunk of unknown type, RFC 9260 §3.2', () => {
  test.each<[string, string, boolean, boolean]>([
    ['00', '3f 00 0005 aa 000000', false, false],
    ['01', '7f 00 0005 aa 000000', false, true],
    ['10', 'bf 00 0005 aa 000000', true, false],
    ['11', 'ff 00 0005 aa 000000', true, true],
  ])('with the high bits %s', (_bits, chunk, readsOn, reports) => {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(peer.seal(concatBytes(fromHex(chunk), behind(peer))))
    expect(peer.end.texts(0)).toEqual(readsOn ? ['behind'] : [])
    const value = fromHex(chunk).subarray(0, 5)
    const report = { type: ChunkType.error, causes: [{ type: CauseCode.unrecognizedChunkType, value }] }
    expect(peer.chunksOf(ChunkType.error)).toEqual(reports ? [report] : [])
    expect(peer.association.discarded.get('unknown-chunk')).toBe(1)
  })

  test('is not sent back whole when it is long', () => {
    const peer = new ScriptedPeer().connect()
    const chunk = new Uint8Array(1_000).fill(7)
    chunk.set(fromHex('ff 00 03e8'))
    peer.sendBytes(peer.seal(chunk))
    expect(peer.chunksOf(ChunkType.error)[0]?.causes[0]?.value).toHaveLength(256)
  })
})

test('many unknown chunks in one packet get a few reports', () => {
  const peer = new ScriptedPeer().connect()
  const chunks = Array.from({ length: 250 }, () => fromHex('ff 00 0004'))
  peer.sendBytes(peer.seal(concatBytes(...chunks)))
  expect(peer.chunksOf(ChunkType.error)).toHaveLength(8)
  expect(peer.association.discarded.get('unknown-chunk')).toBe(250)
})

describe('a malformed chunk is dropped, and those around it are read', () => {
  test.each<[string, string]>([
    ['a SACK of 12 bytes', '03 00 000c 00000000 00000000'],
    ['a SACK whose blocks are missing', '03 00 0010 00000000 00000000 ffff ffff'],
    ['a HEARTBEAT without info', '04 00 0004'],
    ['a FORWARD TSN of 6 bytes', 'c0 00 0006 0000 0000'],
    ['a RE-CONFIG with a parameter beyond its end', '82 00 0008 000d ffff'],
    ['an ABORT with half a cause', '06 00 0006 000c 0000'],
    ['an INIT ACK in company', '02 00 0014 00000001 00010000 0001 0001 00000001'],
    ['an INIT in company', '01 00 0014 00000001 00010000 0001 0001 00000001'],
    ['a DATA of 12 bytes', '00 03 000c 00000000 00000000'],
  ])('%s', (_name, chunk) => {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(peer.seal(concatBytes(fromHex('0b 00 0004'), fromHex(chunk), behind(peer))))
    expect(peer.end.texts(0)).toEqual(['behind'])
    expect(peer.association.state).toBe('established')
    expect(peer.association.discarded.total).toBe(1)
  })

  test.each<[string, string]>([
    ['a length of 3', '04 00 0003'],
    ['a length beyond the packet', '04 00 0100 00000000'],
    ['a header without length', '04 00'],
  ])('but not what follows %s', (_name, tail) => {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(peer.seal(concatBytes(behind(peer), fromHex(tail))))
    expect(peer.end.texts(0)).toEqual(['behind'])
    expect(peer.association.discarded.get('malformed-chunk')).toBe(1)
  })
})

test('an ERROR from the peer is counted, and not answered', () => {
  const peer = new ScriptedPeer().connect()
  peer.send({ type: ChunkType.error, causes: [{ type: 6, value: Uint8Array.of(130, 0, 0, 4) }] })
  expect(peer.packets()).toEqual([])
  expect(peer.association.discarded.get('reported-error')).toBe(1)
})
