import { describe, expect, test } from '@jest/globals'
import { fromHex } from '@purertc/bytes'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

/*
 * Chunks that are cut off at every byte, and that claim every length, under the right tag and checksum: what a peer that DTLS
 * has authenticated can send. The association stands afterwards, or has ended with an ABORT.
 */

const zeros = (count: number): string => '00'.repeat(count)

/** A well-formed one of each; the TSNs and numbers in them are wrong for every association. */
const wellFormed: [string, string][] = [
  ['DATA', '00 03 0014 00000001 0000 0000 00000033 61626364'],
  [
    'INIT',
    `01 00 002c 00000001 00010000 0001 0001 00000001 8008 0006 82c0 0000 c000 0004 8001 0008 00000001`,
  ],
  ['INIT ACK', '02 00 0020 00000001 00010000 0001 0001 00000001 0007 000c 0102030405060708'],
  ['SACK', '03 00 001c 00000000 00010000 0002 0001 0002 0003 0005 0009 00000007'],
  ['HEARTBEAT', '04 00 000c 0001 0008 00000001'],
  ['HEARTBEAT ACK', '05 00 000c 0001 0008 00000001'],
  ['SHUTDOWN', '07 00 0008 00000001'],
  ['ERROR', '09 00 0010 0006 0008 ff000004 0001 0004'],
  ['COOKIE ECHO', `0a 00 0010 ${zeros(12)}`],
  ['I-DATA', '40 03 0018 00000001 0000 0000 00000001 00000033 61626364'],
  ['ASCONF ACK', '80 00 0010 00000001 c005 0008 00000000'],
  ['RE-CONFIG', '82 00 0020 000d 0012 00000001 00000001 00000001 0001 0000 0010 000c 00000001 00000001'],
  ['PAD', `84 00 0010 ${zeros(12)}`],
  ['FORWARD TSN', 'c0 00 0010 00000001 0001 0001 0002 0001'],
  ['ASCONF', 'c1 00 0020 00000001 0005 0008 c0000201 c001 0010 00000001 0005 0008 c0000202'],
  ['I-FORWARD-TSN', 'c2 00 0018 00000001 0001 0000 00000001 0002 0001 00000001'],
]

describe.each(wellFormed)('%s', (_name, hex) => {
  const chunk = fromHex(hex)

  test('cut off anywhere', () => {
    for (let length = 1; length < chunk.length; length++) survives(chunk.subarray(0, length))
  })

  test('cut off anywhere, and its length says so', () => {
    for (let length = 4; length < chunk.length; length++)
      survives(withLength(chunk.subarray(0, length), length))
  })

  test('of every length that it may claim', () => {
    for (const length of [
      0,
      1,
      2,
      3,
      4,
      5,
      7,
      chunk.length - 1,
      chunk.length + 1,
      chunk.length + 4,
      0x7fff,
      0xffff,
    ])
      survives(withLength(chunk, length))
  })

  test('whose inner lengths lie', () => {
    for (let at = 4; at + 2 <= chunk.length; at += 2)
      for (const value of [0, 1, 3, 4, 0xff, 0xffff]) {
        const lying = Uint8Array.from(chunk)
        new DataView(lying.buffer).setUint16(at, value)
        survives(lying)
      }
  })
})

describe('address management, RFC 5061, which nobody has over DTLS', () => {
  test('ASCONF is told to be unknown, and what follows it is read', () => {
    const peer = new ScriptedPeer().connect()
    const asconf = fromHex('c1 00 0010 00000001 0005 0008 c0000201')
    peer.sendBytes(peer.seal(Uint8Array.of(...asconf, ...fromHex('04 00 0008 0001 0004'))))
    const answer = peer.chunks()
    expect(answer.map(({ type }) => type)).toEqual([ChunkType.error, ChunkType.heartbeatAck])
    expect(answer[0]).toMatchObject({ causes: [{ type: 6, value: asconf }] })
  })

  test.each([
    ['ASCONF ACK', '80 00 0008 00000001', 1],
    ['AUTH', '0f 00 0008 0001 0001', 0],
  ])('%s is passed over without a word', (_name, hex, answers) => {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(peer.seal(Uint8Array.of(...fromHex(hex), ...fromHex('04 00 0008 0001 0004'))))
    // The type's high bits say whether the rest of the packet is read, RFC 9260 §3.2.
    expect(peer.types()).toEqual(answers === 1 ? [ChunkType.heartbeatAck] : [])
    expect(peer.association.discarded.get('unknown-chunk')).toBe(1)
  })

  test('parameters of it in an INIT are told to be unknown where they ask for it', () => {
    const peer = new ScriptedPeer()
    const adaptation = { type: 0xc006, value: Uint8Array.of(0, 0, 0, 1) }
    peer.sendWithTag(0, peer.init({ parameters: [adaptation, { type: 0x8004, value: Uint8Array.of(0, 1) }] }))
    const [answer] = peer.chunksOf(ChunkType.initAck)
    const told = answer?.parameters.filter(({ type }) => type === ParameterType.unrecognizedParameter)
    expect(told).toEqual([
      { type: ParameterType.unrecognizedParameter, value: fromHex('c006 0008 00000001') },
    ])
  })
})

describe('a flood of INITs', () => {
  test('to an association that stands changes nothing of it, and each gets one answer', () => {
    const peer = new ScriptedPeer().connect()
    const { nextTimeout } = peer.association
    for (let i = 1; i <= 2_000; i++) peer.sendWithTag(0, peer.init({ initiateTag: i }))
    expect(peer.types()).toEqual(new Array(2_000).fill(ChunkType.initAck))
    expect([peer.association.state, peer.association.nextTimeout]).toEqual(['established', nextTimeout])
    peer.send(peer.data(0))
    expect(peer.end.texts(0)).toEqual(['message 0'])
  })

  test.each([
    [
      'a thousand unknown parameters',
      Array.from({ length: 1_000 }, () => ({ type: 0xff00, value: text('x') })),
    ],
    ['one of 50,000 bytes', [{ type: 0xff00, value: new Uint8Array(50_000) }]],
  ])('with %s is answered in a packet of the usual size', (_name, parameters) => {
    const peer = new ScriptedPeer()
    for (let i = 1; i <= 20; i++) peer.sendWithTag(0, peer.init({ initiateTag: i, parameters }))
    const answers = peer.rawPackets()
    expect(answers).toHaveLength(20)
    for (const { length } of answers) expect(length).toBeLessThan(600)
    peer.connect()
    expect(peer.association.state).toBe('established')
  })

  test('does not make us tell of more in answer to an INIT ACK either', () => {
    const peer = new ScriptedPeer()
    peer.association.connect(peer.now)
    peer.peerTag = peer.chunksOf(ChunkType.init)[0]!.initiateTag
    const cookie = { type: ParameterType.stateCookie, value: Uint8Array.of(1) }
    const unknown = Array.from({ length: 1_000 }, () => ({ type: 0xff00, value: text('x') }))
    peer.send({ ...peer.init(), type: ChunkType.initAck, parameters: [cookie, ...unknown] })
    expect(peer.chunksOf(ChunkType.error).length).toBeLessThan(40)
  })
})

/** Alone, behind another chunk and before one. */
function survives(chunk: Uint8Array): void {
  const heartbeat = fromHex('04 00 0008 0001 0004')
  for (const bytes of [chunk, Uint8Array.of(...heartbeat, ...chunk), Uint8Array.of(...chunk, ...heartbeat)]) {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(peer.seal(bytes))
    peer.wait(1)
    const { state } = peer.association
    expect(peer.association.receiveBuffered).toBeLessThan(1_000)
    if (state === 'established') continue
    expect(state).toBe('closed')
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
    expect(peer.types()).toContain(ChunkType.abort)
  }
}

function withLength(chunk: Uint8Array, length: number): Uint8Array {
  const copy = Uint8Array.from(chunk)
  if (copy.length >= 4) new DataView(copy.buffer).setUint16(2, length)
  return copy
}
