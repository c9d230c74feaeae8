import { describe, expect, test } from '@jest/globals'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import type { Chunk } from '../../src/wire/chunk.ts'
import { encodePacket } from '../../src/wire/packet.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

describe('the verification tag, RFC 9260 §8.5', () => {
  test.each<[string, (peer: ScriptedPeer) => Chunk]>([
    ['DATA', (peer) => peer.data(0)],
    ['a SACK', (peer) => peer.sack(-1)],
    ['an ABORT', () => ({ type: ChunkType.abort, tagReflected: false, causes: [] })],
    ['an ABORT that claims to reflect', () => ({ type: ChunkType.abort, tagReflected: true, causes: [] })],
    ['a SHUTDOWN COMPLETE', () => ({ type: ChunkType.shutdownComplete, tagReflected: true })],
    ['a SHUTDOWN', (peer) => ({ type: ChunkType.shutdown, cumulativeTsn: peer.peerTsn })],
  ])('must be right on %s', (_name, chunk) => {
    const peer = new ScriptedPeer().connect()
    peer.sendWithTag(peer.peerTag ^ 0x10, chunk(peer))
    peer.sendWithTag(0, chunk(peer))
    expect(peer.packets()).toEqual([])
    expect([peer.association.state, peer.end.received]).toEqual(['established', []])
    expect(peer.association.discarded.get('wrong-tag')).toBe(2)
  })

  test('of an ABORT is ours, or with the T bit the peer’s', () => {
    const direct = new ScriptedPeer().connect()
    direct.send({ type: ChunkType.abort, tagReflected: false, causes: [] })
    expect(direct.end.closed).toMatchObject([{ code: 'aborted-by-peer' }])
    const reflected = new ScriptedPeer().connect()
    reflected.sendWithTag(reflected.tag, { type: ChunkType.abort, tagReflected: true, causes: [] })
    expect(reflected.end.closed).toMatchObject([{ code: 'aborted-by-peer' }])
    const mixed = new ScriptedPeer().connect()
    mixed.send({ type: ChunkType.abort, tagReflected: true, causes: [] })
    expect(mixed.end.closed).toEqual([])
  })
})

test.each(['cookie-wait', 'cookie-echoed'] as const)(
  'a SHUTDOWN ACK under another tag in %s is answered as one that nobody waits for, RFC 9260 §8.5.1 E',
  (state) => {
    const peer = new ScriptedPeer()
    peer.association.connect(peer.now)
    peer.peerTag = peer.chunksOf(ChunkType.init)[0]!.initiateTag
    const parameters = [{ type: ParameterType.stateCookie, value: Uint8Array.of(1) }]
    if (state === 'cookie-echoed') peer.send({ ...peer.init({ parameters }), type: ChunkType.initAck })
    peer.packets()
    peer.sendWithTag(77, { type: ChunkType.shutdownAck })
    expect(peer.packets()).toMatchObject([
      { verificationTag: 77, chunks: [{ type: ChunkType.shutdownComplete, tagReflected: true }] },
    ])
    expect(peer.association.state).toBe(state)
  },
)

describe('packets that are none', () => {
  const packetOf = (peer: ScriptedPeer, ports: [number, number] = [5_000, 5_000]): Uint8Array =>
    encodePacket({
      sourcePort: ports[0],
      destinationPort: ports[1],
      verificationTag: peer.peerTag,
      chunks: [peer.data(0)],
    })

  test('a wrong checksum', () => {
    const peer = new ScriptedPeer().connect()
    const bytes = packetOf(peer)
    bytes[bytes.length - 1]! ^= 1
    peer.sendBytes(bytes)
    expect(peer.association.discarded.get('bad-checksum')).toBe(1)
  })

  test('a checksum of zero, which only RFC 9653 allows', () => {
    const peer = new ScriptedPeer().connect()
    const bytes = packetOf(peer)
    bytes.fill(0, 8, 12)
    peer.sendBytes(bytes)
    expect(peer.association.discarded.get('bad-checksum')).toBe(1)
  })

  test.each([0, 1, 11, 12, 15])('%d bytes', (length) => {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(packetOf(peer).subarray(0, length))
    expect(peer.association.discarded.get('too-short')).toBe(1)
  })

  test.each<[string, [number, number]]>([
    ['source', [5_001, 5_000]],
    ['destination', [5_000, 5_001]],
  ])('another %s port', (_name, ports) => {
    const peer = new ScriptedPeer().connect()
    peer.sendBytes(packetOf(peer, ports))
    expect(peer.association.discarded.get('wrong-port')).toBe(1)
    expect(peer.end.received).toEqual([])
  })
})
