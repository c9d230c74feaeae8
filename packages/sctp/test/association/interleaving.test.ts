import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket } from '../../src/wire/packet.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { Pair, pattern } from '../support/association-pair.ts'
import { iData, interleavingPeer } from '../support/interleaving-peer.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const on = { config: { interleaving: true } }

describe('interleaving, RFC 8260', () => {
  test.each([
    ['both ends take it', on, on, ChunkType.iData],
    ['only this end does', on, {}, ChunkType.data],
    ['only the peer does', {}, on, ChunkType.data],
  ])('where %s', (_name, a, b, expected) => {
    const pair = new Pair({ a, b })
    const types = new Set<number>()
    pair.toB.intercept((_index, bytes) => {
      for (const { type } of decodePacket(bytes)?.chunks ?? [])
        if (type === ChunkType.data || type === ChunkType.iData) types.add(type)
      return 'pass'
    })
    pair.connect()
    expect(pair.a.association.isInterleaving).toBe(expected === ChunkType.iData)
    for (let i = 0; i < 5; i++) pair.a.association.send(pair.now, i, 53, pattern(5_000, i))
    pair.runUntil(() => pair.b.received.length === 5)
    for (const { stream, message } of pair.b.received)
      expect(equalBytes(message, pattern(5_000, stream))).toBe(true)
    expect([...types]).toEqual([expected])
  })

  test('lets a small message overtake a large one of another stream', () => {
    const order = (options: typeof on | object): number[] => {
      const pair = new Pair({ rate: 100_000, a: options, b: options }).connect()
      pair.a.association.send(pair.now, 0, 53, pattern(60_000))
      pair.run(50)
      pair.a.association.send(pair.now, 1, 53, pattern(10))
      pair.runUntil(() => pair.b.received.length === 2)
      return pair.b.received.map(({ stream }) => stream)
    }
    expect(order(on)).toEqual([1, 0])
    expect(order({})).toEqual([0, 1])
  })

  test('shares the path by the weight of the streams', () => {
    const pair = new Pair({ rate: 100_000, queue: 50_000, a: on, b: on }).connect()
    pair.a.association.setWeight(1, 1_024)
    for (let i = 0; i < 60; i++)
      for (const stream of [0, 1]) pair.a.association.send(pair.now, stream, 53, pattern(10_000))
    pair.runUntil(() => pair.b.received.length >= 50)
    const heavy = pair.b.received.filter(({ stream }) => stream === 1).length
    expect(heavy).toBeGreaterThanOrEqual(38)
    expect(heavy).toBeLessThanOrEqual(42)
  })

  test('gives up messages by I-FORWARD-TSN, ordered and unordered', () => {
    const pair = new Pair({ latency: 20, a: on, b: on }).connect()
    for (let i = 0; i < 4; i++)
      pair.a.association.send(pair.now, i, 53, pattern(4_000, i), {
        maxRetransmits: 0,
        unordered: i % 2 === 0,
      })
    pair.toB.conditions = { latency: 20, loss: 1 }
    pair.run(600)
    pair.toB.conditions = { latency: 20 }
    for (let i = 0; i < 4; i++)
      pair.a.association.send(pair.now, i, 53, pattern(4_000, 10 + i), { unordered: i % 2 === 0 })
    pair.runUntil(() => pair.b.received.length >= 4)
    pair.run(2_000)
    const last = pair.b.received.slice(-4)
    for (const { stream, message } of last)
      expect(equalBytes(message, pattern(4_000, 10 + stream))).toBe(true)
    expect(pair.b.association.receiveBuffered).toBe(0)
    expect([...pair.a.closed, ...pair.b.closed]).toEqual([])
  })

  test('starts message identifiers anew with a reset stream', () => {
    const pair = new Pair({ a: on, b: on }).connect()
    for (let i = 0; i < 3; i++) pair.a.association.send(pair.now, 0, 53, pattern(2_000, i))
    pair.runUntil(() => pair.b.received.length === 3)
    pair.a.association.resetStreams(pair.now, [0])
    pair.runUntil(() => pair.a.resetDone.length === 1)
    pair.a.association.send(pair.now, 0, 53, pattern(2_000, 9))
    pair.runUntil(() => pair.b.received.length === 4)
    expect(equalBytes(pair.b.received[3]!.message, pattern(2_000, 9))).toBe(true)
  })
})

describe('a peer that breaks the agreement', () => {
  test('by DATA where I-DATA was agreed on is sent an ABORT', () => {
    const peer = interleavingPeer()
    peer.send(peer.data(0))
    expect(peer.chunksOf(ChunkType.abort)).toMatchObject([{ causes: [{ type: 13 }] }])
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
  })

  test('by I-DATA where none was agreed on, too', () => {
    const peer = new ScriptedPeer().connect()
    peer.send(iData(peer, 0), { type: ChunkType.heartbeat, info: Uint8Array.of(1) })
    expect(peer.chunks()).toMatchObject([{ type: ChunkType.abort, causes: [{ type: 13 }] }])
    expect(peer.end.received).toEqual([])
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
  })

  test('by fragments that make no message is sent an ABORT', () => {
    const peer = interleavingPeer()
    peer.send(iData(peer, 0, { flags: 0, mid: 7, protocolOrFsn: 3 }))
    peer.send(iData(peer, 1, { flags: 0, mid: 7, protocolOrFsn: 3 }))
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved', cause: 13 }])
  })

  test('by the other kind of FORWARD TSN is sent an ABORT, RFC 8260 §2.3.1', () => {
    const peer = interleavingPeer()
    peer.send({ type: ChunkType.forwardTsn, newCumulativeTsn: Tsn.add(peer.tsn, 5), skips: [] })
    const other = new ScriptedPeer().connect()
    other.send({ type: ChunkType.iForwardTsn, newCumulativeTsn: Tsn.add(other.tsn, 5), skips: [] })
    for (const one of [peer, other]) {
      expect(one.chunksOf(ChunkType.abort)).toMatchObject([{ causes: [{ type: 13 }] }])
      expect(one.end.closed).toMatchObject([{ code: 'peer-misbehaved', cause: 13 }])
    }
  })

  test('by none: one that interleaves, but cannot skip messages, gets I-DATA and every message', () => {
    const extensions = Uint8Array.of(ChunkType.reConfig, ChunkType.forwardTsn, ChunkType.iData)
    const peer = new ScriptedPeer({ config: { interleaving: true } })
    peer.connect(peer.init({ parameters: [{ type: ParameterType.supportedExtensions, value: extensions }] }))
    expect([peer.association.isInterleaving, peer.association.canStreamMessages]).toEqual([true, false])
    peer.association.send(peer.now, 0, 51, pattern(10), { maxRetransmits: 0 })
    peer.wait(500)
    expect(peer.types()).toEqual([ChunkType.iData, ChunkType.iData])
  })

  test('by an I-FORWARD-TSN far ahead, or for streams that do not exist, does no harm', () => {
    const peer = interleavingPeer()
    peer.send({ type: ChunkType.iForwardTsn, newCumulativeTsn: Tsn.add(peer.tsn, 0x2_0000), skips: [] })
    expect(peer.association.discarded.get('invalid-forward-tsn')).toBe(1)
    const skips = [{ stream: 65_535, unordered: false, mid: 9 }]
    peer.send({ type: ChunkType.iForwardTsn, newCumulativeTsn: Tsn.add(peer.tsn, 0), skips })
    peer.send(iData(peer, 1, { mid: 0 }))
    expect(peer.end.received).toHaveLength(1)
  })
})

test('large messages on many streams at once all arrive, though together they exceed the window many times', () => {
  const config = { interleaving: true, receiveWindow: 65_536, maxMessageSize: 20_000 }
  const pair = new Pair({ a: { config }, b: { config } }).connect()
  for (let stream = 0; stream < 40; stream++)
    pair.a.association.send(pair.now, stream, stream, pattern(20_000, stream))
  pair.runUntil(() => pair.b.received.length === 40, 60_000)
  for (let stream = 0; stream < 40; stream++)
    expect(equalBytes(pair.b.message(stream), pattern(20_000, stream))).toBe(true)
})
