import { describe, expect, test } from '@jest/globals'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { Pair, pattern } from '../support/association-pair.ts'
import { expectMegabyte, sendMegabyte } from '../support/megabyte.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

describe('several packets in one datagram', () => {
  const four = { config: { maxMtu: 16_336, packetsPerDatagram: 4 } }

  /** A pair that may, and the sizes of the datagrams that A sends. */
  function sharingPair(conditions: { latency?: number; mtu?: number } = {}): { pair: Pair; sizes: number[] } {
    const pair = new Pair({ seed: 5, latency: 10, ...conditions, a: four, b: four })
    const sizes: number[] = []
    pair.toB.intercept((_index, bytes) => {
      sizes.push(bytes.length)
      return 'pass'
    })
    return { pair: pair.connect(), sizes }
  }

  test('leave as soon as as many probes in one have been answered', () => {
    const { pair, sizes } = sharingPair()
    sendMegabyte(pair)
    // A mark, and before each packet its length.
    const full = 1 + 4 * (2 + 16_336)
    pair.run(39)
    expect(Math.max(...sizes)).toBe(16_336)
    pair.run(20)
    expect(sizes.filter((size) => size > 16_336)).toEqual([full])
    expectMegabyte(pair)
    expect(sizes.filter((size) => size > 16_336).length).toBeGreaterThan(8)
    expect(Math.max(...sizes)).toBe(full)
  })

  test('are no more than the path carries', () => {
    const { pair, sizes } = sharingPair({ mtu: 33_000 })
    sendMegabyte(pair)
    pair.run(5_000)
    expectMegabyte(pair)
    sizes.length = 0
    sendMegabyte(pair)
    pair.runUntil(() => pair.b.received.length === 32)
    expect(Math.max(...sizes)).toBe(1 + 2 * (2 + 16_336))
  })

  test.each([1_160, 9_000, 20_000])('give way to less where the path shrinks to %d bytes', (mtu) => {
    const { pair, sizes } = sharingPair()
    sendMegabyte(pair, 32)
    pair.run(100)
    expect(Math.max(...sizes)).toBe(65_353)
    pair.toB.conditions = { latency: 10, mtu }
    expectMegabyte(pair, 32)
    pair.run(5_000)
    sizes.length = 0
    sendMegabyte(pair, 4)
    pair.runUntil(() => pair.b.received.length === 36)
    expect(sizes.filter((size) => size > mtu)).toEqual([])
    expect(pair.a.closed).toEqual([])
  })

  test('are not asked for when the size that a narrow path carries is doubted', () => {
    const { pair, sizes } = sharingPair({ mtu: 1_432 })
    sendMegabyte(pair, 4)
    expectMegabyte(pair, 4)
    pair.run(60_000)
    expect(pair.a.association.mtu).toBe(1_432)
    sendMegabyte(pair, 4)
    pair.run(15)
    pair.toB.conditions = { latency: 10, loss: 1 }
    pair.run(1_500)
    expect(pair.a.association.mtu).toBe(1_160)
    pair.toB.conditions = { latency: 10, mtu: 1_432 }
    sizes.length = 0
    pair.runUntil(() => pair.b.received.length === 8)
    pair.run(10_000)
    expect(pair.a.association.mtu).toBe(1_432)
    expect(Math.max(...sizes)).toBe(1_432)
  })

  test('are sent to nobody who does not take such a datagram apart', () => {
    const peer = new ScriptedPeer(four)
    peer.largestPacket = 65_535
    peer.connect()
    peer.association.send(peer.now, 0, 53, pattern(60_000))
    for (let second = 0; second < 10; second++) {
      for (let chunks = peer.chunks(); chunks.length > 0; chunks = peer.chunks()) {
        const data = chunks.findLast(({ type }) => type === ChunkType.data)
        // Of each datagram it sees the first packet.
        const probe = chunks.find(({ type }) => type === ChunkType.heartbeat)
        if (data?.type === ChunkType.data) peer.send(peer.sack(Tsn.distance(peer.peerTsn, data.tsn)))
        if (probe?.type === ChunkType.heartbeat) peer.send({ type: ChunkType.heartbeatAck, info: probe.info })
      }
      peer.wait(1_000)
    }
    expect(peer.association.mtu).toBe(16_336)
    expect(peer.packetsOfDatagrams.filter((packets) => packets > 1)).toEqual([4, 4, 4, 2, 2, 2])
  })

  test('hold what is sent at once, and wait for no more', () => {
    const { pair, sizes } = sharingPair()
    sendMegabyte(pair)
    expectMegabyte(pair)
    pair.run(1_000)
    sizes.length = 0
    const { association } = pair.a
    association.send(pair.now, 0, 53, pattern(1_000))
    association.batch(pair.now, () => {
      for (let i = 0; i < 30; i++) association.send(pair.now, 0, 53, pattern(1_000))
    })
    expect(sizes).toEqual([1_028, 1 + 2 * 2 + 2 * 12 + 30 * (1_000 + 16)])
  })
})
