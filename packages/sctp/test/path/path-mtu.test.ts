import { describe, expect, test } from '@jest/globals'

import type { SctpConfig } from '../../src/index.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { decodePacket } from '../../src/wire/packet.ts'
import { Pair, pattern } from '../support/association-pair.ts'
import { expectMegabyte, sendMegabyte } from '../support/megabyte.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const searching = { config: { maxMtu: 16_384 } }

/** A pair that searches, and every packet that A sends. */
function watchedPair(conditions: { latency?: number; mtu?: number; loss?: number }): {
  pair: Pair
  sizes: number[]
} {
  const pair = new Pair({ seed: 3, ...conditions, a: searching, b: searching })
  const sizes: number[] = []
  pair.toB.intercept((_index, bytes) => {
    sizes.push(bytes.length)
    return 'pass'
  })
  return { pair: pair.connect(), sizes }
}

describe('the packet size, RFC 8899', () => {
  test('grows to the ceiling within two round trips where the path carries it', () => {
    const { pair, sizes } = watchedPair({ latency: 10 })
    sendMegabyte(pair)
    pair.run(21)
    expect(pair.a.association.mtu).toBe(1_432)
    pair.run(21)
    expect(pair.a.association.mtu).toBe(16_384)
    expectMegabyte(pair)
    expect(Math.max(...sizes)).toBe(16_384)
    expect(sizes.length).toBeLessThan(200)
  })

  test('grows to what a narrower path carries, while the data flows', () => {
    const { pair, sizes } = watchedPair({ latency: 10, mtu: 1_432 })
    sendMegabyte(pair)
    expectMegabyte(pair)
    pair.run(60_000)
    expect(pair.a.association.mtu).toBe(1_432)
    // Three probes for each size that does not pass, and nothing else is lost.
    expect(sizes.filter((size) => size > 1_432).length).toBe(pair.toB.dropped)
  })

  test('is searched for by HEARTBEATs that PAD fills up: a lost probe costs no data', () => {
    const pair = new Pair({ a: searching, b: searching }).connect()
    const probes: number[][] = []
    pair.toB.intercept((_index, bytes) => {
      const types = decodePacket(bytes)?.chunks.map(({ type }) => type) ?? []
      if (types.includes(ChunkType.pad)) probes.push([bytes.length, ...types])
      return 'pass'
    })
    sendMegabyte(pair, 1)
    pair.run(1_000)
    expect(probes).toEqual([1_432, 16_384].map((size) => [size, ChunkType.heartbeat, ChunkType.pad]))
  })

  test('is not searched for while little is said', () => {
    const { pair, sizes } = watchedPair({})
    for (let i = 0; i < 20; i++) {
      pair.a.association.send(pair.now, 0, 53, pattern(1_000, i))
      pair.run(1_000)
    }
    expect(Math.max(...sizes)).toBeLessThan(1_160)
    expect(pair.a.association.mtu).toBe(1_160)
  })

  test('stays fixed unless the configuration lets it grow', () => {
    const pair = new Pair().connect()
    let largest = 0
    pair.toB.intercept((_index, bytes) => {
      largest = Math.max(largest, bytes.length)
      return 'pass'
    })
    sendMegabyte(pair)
    expectMegabyte(pair)
    expect(largest).toBe(1_160)
  })

  test('every chunk of data fits the smallest packet, whatever the size of packets', () => {
    const { pair } = watchedPair({})
    let largest = 0
    pair.toB.intercept((_index, bytes) => {
      for (const chunk of decodePacket(bytes)?.chunks ?? [])
        if (chunk.type === ChunkType.data) largest = Math.max(largest, chunk.data.length)
      return 'pass'
    })
    sendMegabyte(pair)
    expectMegabyte(pair)
    expect(largest).toBe(1_160 - 28)
  })
})

describe('chunks as large as packets', () => {
  const large = { config: { maxMtu: 16_384, largeChunks: true } }

  test('fill a packet with one where the path cannot shrink', () => {
    const pair = new Pair({ a: large, b: large }).connect()
    const counts: number[] = []
    pair.toB.intercept((_index, bytes) => {
      const chunks = decodePacket(bytes)?.chunks.filter(({ type }) => type === ChunkType.data) ?? []
      if (bytes.length > 16_000) counts.push(chunks.length)
      return 'pass'
    })
    sendMegabyte(pair)
    expectMegabyte(pair)
    expect(Math.max(...counts.slice(4))).toBeLessThanOrEqual(2)
    expect(counts.length).toBeGreaterThan(50)
  })

  test('are sent no more once the path is another; what is under way goes on in packets of their size', () => {
    const pair = new Pair({ latency: 20, a: large, b: large }).connect()
    sendMegabyte(pair)
    pair.run(90)
    expect(pair.a.association.mtu).toBe(16_384)
    pair.a.association.pathChanged({ maxMtu: 1_160 })
    expectMegabyte(pair)
  })
})

describe('a path that shrinks', () => {
  test.each([1_160, 1_300, 9_000])('to %d bytes amid a transfer loses nothing', (mtu) => {
    const { pair } = watchedPair({ latency: 20 })
    sendMegabyte(pair, 64)
    pair.run(100)
    expect(pair.a.association.mtu).toBe(16_384)
    pair.toB.conditions = { latency: 20, mtu }
    expectMegabyte(pair, 64)
    expect(pair.a.association.mtu).toBeLessThanOrEqual(mtu)
    expect(pair.a.closed).toEqual([])
  })

  test('and widens again is used to the full after the raise timer', () => {
    const { pair } = watchedPair({ latency: 10, mtu: 1_432 })
    sendMegabyte(pair)
    expectMegabyte(pair)
    pair.run(60_000)
    pair.toB.conditions = { latency: 10 }
    pair.run(500_000)
    expect(pair.a.association.mtu).toBe(1_432)
    pair.run(100_000)
    expect(pair.a.association.mtu).toBe(16_384)
  })

  test('is found again after losses that were none of its fault', () => {
    const { pair } = watchedPair({ latency: 10 })
    sendMegabyte(pair)
    pair.run(45)
    pair.toB.conditions = { latency: 10, loss: 1 }
    pair.run(1_500)
    expect(pair.a.association.mtu).toBe(1_160)
    pair.toB.conditions = { latency: 10 }
    expectMegabyte(pair)
    pair.run(5_000)
    expect(pair.a.association.mtu).toBe(16_384)
  })
})

test('another path starts anew from the base', () => {
  const { pair } = watchedPair({})
  sendMegabyte(pair)
  expectMegabyte(pair)
  pair.a.association.pathChanged({ maxMtu: 1_432 })
  expect(pair.a.association.mtu).toBe(1_160)
  sendMegabyte(pair)
  pair.run(100)
  expect(pair.a.association.mtu).toBe(1_432)
})

describe('answers that are none', () => {
  const config: Partial<SctpConfig> = { maxMtu: 16_384 }

  test('do not make packets grow', () => {
    const peer = new ScriptedPeer({ config })
    peer.largestPacket = 65_535
    peer.connect()
    peer.association.send(peer.now, 0, 53, pattern(20_000))
    const [probe] = peer.chunksOf(ChunkType.heartbeat)
    const forged = Uint8Array.from(probe!.info)
    forged[3]! ^= 1
    peer.send({ type: ChunkType.heartbeatAck, info: forged })
    const larger = Uint8Array.from(probe!.info)
    larger[4]! ^= 1
    peer.send({ type: ChunkType.heartbeatAck, info: larger })
    expect(peer.association.mtu).toBe(1_160)
    expect(peer.association.discarded.get('unknown-heartbeat')).toBe(2)
    peer.send({ type: ChunkType.heartbeatAck, info: probe!.info })
    expect(peer.association.mtu).toBe(1_432)
  })

  test('come late, and change nothing', () => {
    const peer = new ScriptedPeer({ config: { ...config, maxRetransmits: 100 } })
    peer.largestPacket = 16_384
    peer.connect()
    peer.association.send(peer.now, 0, 53, pattern(20_000))
    const [probe] = peer.chunksOf(ChunkType.heartbeat)
    peer.wait(5_000)
    peer.send({ type: ChunkType.heartbeatAck, info: probe!.info })
    expect(peer.association.mtu).toBe(1_160)
  })
})

describe('a peer that says', () => {
  test('that it takes 9,000 bytes is sent no more', () => {
    const peer = bulkTo(9_000)
    for (const size of [1_432, 9_000]) {
      const [probe] = peer.chunksOf(ChunkType.heartbeat)
      peer.send({ type: ChunkType.heartbeatAck, info: probe!.info })
      expect(peer.association.mtu).toBe(size)
    }
  })

  // Some fall over a PAD chunk, and some over large records.
  test.each([
    ['nothing of the packets it takes', undefined],
    ['that it takes very little', 10],
  ])('%s is sent what every peer takes, and no probes', (_name, largestPacket) => {
    const peer = bulkTo(largestPacket)
    expect(peer.chunksOf(ChunkType.heartbeat)).toEqual([])
    expect(peer.association.mtu).toBe(1_160)
  })

  function bulkTo(largestPacket: number | undefined): ScriptedPeer {
    const peer = new ScriptedPeer({ config: { maxMtu: 16_384 } })
    peer.largestPacket = largestPacket
    peer.connect()
    peer.association.send(peer.now, 0, 53, pattern(60_000))
    return peer
  }
})

test('PAD of the peer means nothing, wherever it stands', () => {
  const peer = new ScriptedPeer().connect()
  const info = Uint8Array.of(1)
  const pad = { type: ChunkType.pad, padding: 40 } as const
  peer.send(pad, { type: ChunkType.heartbeat, info }, pad)
  expect(peer.chunks()).toEqual([{ type: ChunkType.heartbeatAck, info }])
  expect(peer.association.discarded.snapshot()).toEqual({})
})
