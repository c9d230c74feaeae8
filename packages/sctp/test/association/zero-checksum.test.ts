import { describe, expect, test } from '@jest/globals'

import type { SctpConfig } from '../../src/index.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { hasValidChecksum } from '../../src/wire/packet.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { Pair, pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const isZero = (packet: Uint8Array): boolean => packet.subarray(8, 12).every((byte) => byte === 0)

/** Chunk types and the kind of checksum of all that A sends, until a message has arrived. */
function exchange(a: Partial<SctpConfig>, b: Partial<SctpConfig>): { type: number; zero: boolean }[] {
  const pair = new Pair({ a: { config: a }, b: { config: b } })
  const seen: { type: number; zero: boolean }[] = []
  pair.toB.intercept((_index, bytes) => {
    expect(isZero(bytes) || hasValidChecksum(bytes)).toBe(true)
    seen.push({ type: bytes[12]!, zero: isZero(bytes) })
    return 'pass'
  })
  pair.a.association.connect(pair.now)
  pair.runUntil(() => pair.b.connected > 0)
  pair.a.association.send(pair.now, 0, 53, pattern(5_000))
  pair.runUntil(() => pair.b.received.length === 1)
  expect([pair.a.association, pair.b.association].map(({ discarded }) => discarded.snapshot())).toEqual([
    {},
    {},
  ])
  return seen
}

const on = { zeroChecksum: true }

describe('checksums of zero, RFC 9653', () => {
  test('are sent where both ends take them, but not with INIT and COOKIE ECHO', () => {
    const seen = exchange(on, on)
    expect(seen.filter(({ zero }) => !zero).map(({ type }) => type)).toEqual([
      ChunkType.init,
      ChunkType.cookieEcho,
    ])
    expect(seen.length).toBeGreaterThan(5)
  })

  test.each([
    ['this end', {}, on],
    ['the peer', on, {}],
    ['neither', {}, {}],
  ])('are not sent where %s does not take them', (_name, a, b) => {
    expect(exchange(a, b).some(({ zero }) => zero)).toBe(false)
  })

  test('of an INIT are refused', () => {
    const peer = new ScriptedPeer({ config: on })
    const init = peer.seal(new Uint8Array(0))
    peer.sendWithTag(0, peer.init())
    expect(peer.chunksOf(ChunkType.initAck)).toHaveLength(1)
    const packet = new Uint8Array(32)
    packet.set(init.subarray(0, 4))
    packet.set([ChunkType.init, 0, 0, 20, 1, 2, 3, 4, 0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1], 12)
    peer.sendBytes(packet)
    expect(peer.rawPackets()).toEqual([])
    expect(peer.association.discarded.get('bad-checksum')).toBe(1)
  })

  test('are refused by who has not said to take them', () => {
    const peer = new ScriptedPeer().connect()
    const packet = peer.seal(Uint8Array.of(ChunkType.heartbeat, 0, 0, 8, 0, 1, 0, 4))
    packet.fill(0, 8, 12)
    peer.sendBytes(packet)
    expect(peer.rawPackets()).toEqual([])
    expect(peer.association.discarded.get('bad-checksum')).toBe(1)
  })

  test('do not make a wrong checksum right', () => {
    const peer = new ScriptedPeer({ config: on }).connect()
    const packet = peer.seal(Uint8Array.of(ChunkType.heartbeat, 0, 0, 8, 0, 1, 0, 4))
    packet[8]! ^= 0x40
    peer.sendBytes(packet)
    expect(peer.association.discarded.get('bad-checksum')).toBe(1)
  })

  test.each([
    ['another method', Uint8Array.of(0, 0, 0, 2)],
    ['no method', new Uint8Array(0)],
    ['too many bytes', Uint8Array.of(0, 0, 0, 1, 0)],
  ])('are not sent to a peer that offers %s', (_name, value) => {
    const peer = new ScriptedPeer({ config: on })
    const { parameters } = peer.init()
    const acceptable = { type: ParameterType.zeroChecksumAcceptable, value }
    peer.connect(peer.init({ parameters: [...parameters, acceptable] }))
    peer.send({ type: ChunkType.heartbeat, info: Uint8Array.of(1) })
    const [packet] = peer.rawPackets()
    expect(hasValidChecksum(packet!)).toBe(true)
  })
})
