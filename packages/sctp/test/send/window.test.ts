import { describe, expect, test } from '@jest/globals'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import { pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const fragment = 1_132

describe('the congestion window', () => {
  test('lets ten packets go at first', () => {
    const peer = new ScriptedPeer().connect()
    peer.association.send(peer.now, 0, 51, pattern(50_000))
    // The window may be exceeded by less than a packet (RFC 9260 §6.1 B).
    expect(peer.sentOffsets()).toHaveLength(11)
  })

  test('opens by at most a burst on one SACK, and the rest follows at the pace of the path', () => {
    const config = { initialWindow: 40 * fragment, maxBurst: 8 }
    const peer = new ScriptedPeer({ config }).connect(undefined)
    for (let i = 0; i < 4; i++) peer.association.send(peer.now, 0, 51, pattern(60_000))
    expect(peer.sentOffsets()).toHaveLength(40)
    peer.wait(100)
    peer.send(peer.sack(39))
    const burst = peer.sentOffsets().length
    expect(burst).toBeGreaterThanOrEqual(8)
    expect(burst).toBeLessThanOrEqual(10)
    // The doubled window of eighty packets in a round trip of 100 ms, twice over.
    peer.wait(20)
    const paced = peer.sentOffsets().length
    expect(paced).toBeGreaterThan(20)
    expect(paced).toBeLessThan(40)
  })
})

describe('the peer’s window', () => {
  test('is never exceeded', () => {
    const peer = new ScriptedPeer()
    peer.window = 3_000
    peer.connect()
    peer.association.send(peer.now, 0, 51, pattern(20_000))
    expect(peer.sentOffsets()).toEqual([0, 1])
    peer.send(peer.sack(0, [], 3_000))
    expect(peer.sentOffsets()).toEqual([2])
    peer.send(peer.sack(2, [], 10_000))
    expect(peer.sentOffsets()).toEqual([3, 4, 5, 6, 7, 8, 9, 10])
  })

  test('of nothing is probed, one chunk at a time, for as long as the peer answers', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } })
    peer.window = 1_500
    peer.connect()
    peer.association.send(peer.now, 0, 51, pattern(20_000))
    expect(peer.sentOffsets()).toEqual([0])
    peer.send(peer.sack(0, [], 0))
    // The first probe is not in a hurry: the peer tells of room by itself.
    peer.wait(350)
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(100)
    expect(peer.sentOffsets()).toEqual([1])
    const { congestionWindow } = peer.association
    let probes = 0
    for (let i = 0; i < 6_000; i++) {
      peer.wait(500)
      const sent = peer.sentOffsets()
      if (sent.length === 0) continue
      expect(sent).toEqual([1])
      probes++
      peer.send(peer.sack(0, [], 0))
    }
    // More than Association.Max.Retrans, which ends an association that is not answered.
    expect(probes).toBeGreaterThan(20)
    expect(peer.association.state).toBe('established')
    // That says nothing of the path.
    expect(peer.association.congestionWindow).toBe(congestionWindow)
    peer.send(peer.sack(1, [], 5_000))
    expect(peer.sentOffsets()).toEqual([2, 3, 4, 5])
  })

  test('that opens before it is probed costs no timeout', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } })
    peer.window = 1_500
    peer.connect()
    peer.association.send(peer.now, 0, 51, pattern(20_000))
    peer.wait(20)
    peer.send(peer.sack(0, [], 0))
    peer.wait(390)
    peer.packets()
    const { congestionWindow } = peer.association
    peer.send(peer.sack(0, [], 3_000))
    expect(peer.sentOffsets()).toEqual([1, 2])
    peer.wait(30)
    expect(peer.packets()).toEqual([])
    peer.send(peer.sack(2, [], 10_000))
    expect(peer.association.congestionWindow).toBeGreaterThanOrEqual(congestionWindow)
  })

  test('of nothing is forgotten with the last message that waited for it', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } })
    peer.window = 1_500
    peer.connect()
    peer.association.send(peer.now, 0, 51, pattern(1_000))
    peer.association.send(peer.now, 0, 51, pattern(1_000), { lifetime: 200 })
    peer.packets()
    peer.send(peer.sack(0, [], 0))
    peer.wait(60_000)
    expect([peer.packets(), peer.association.nextTimeout]).toEqual([[], Infinity])
    peer.send(peer.sack(0, [], 1_500))
    peer.association.send(peer.now, 0, 51, pattern(1_000))
    expect(peer.sentOffsets()).toEqual([1])
  })

  test('of nothing does not keep a dead peer alive', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } })
    peer.window = 1_500
    peer.connect()
    peer.association.send(peer.now, 0, 51, pattern(20_000))
    peer.send(peer.sack(0, [], 0))
    peer.wait(1_000_000)
    expect(peer.end.closed).toMatchObject([{ code: 'timed-out' }])
  })

  test('of nothing lets nothing new out after a timeout', () => {
    const peer = new ScriptedPeer()
    peer.window = 1_500
    peer.connect()
    peer.association.send(peer.now, 0, 51, pattern(20_000))
    peer.wait(60_000)
    expect(new Set(peer.sentOffsets())).toEqual(new Set([0]))
  })
})

describe('what is outstanding', () => {
  test('is never more than half of the sequence numbers of a stream, or the peer would take it for old', () => {
    const peer = new ScriptedPeer({ config: { initialWindow: 1_000_000, maxBurst: 1_000 } })
    peer.window = 10_000_000
    peer.connect()
    let highest = -1
    const hear = (): void => {
      for (const offset of peer.sentOffsets()) highest = Math.max(highest, offset)
    }
    peer.association.batch(peer.now, () => {
      for (let i = 0; i < 70_000; i++) peer.association.send(peer.now, 0, 51, pattern(1))
    })
    hear()
    // All but the first arrive, time and again.
    for (let i = 0; i < 500 && highest < 69_999; i++) {
      peer.send(peer.sack(-1, [[2, highest + 1]]))
      hear()
    }
    expect(highest).toBe(0x7ffe)
    peer.send(peer.sack(highest))
    hear()
    expect(highest).toBeGreaterThan(0x7ffe)
  })
})

describe('bundling', () => {
  test('puts small messages of one batch into full packets', () => {
    const peer = new ScriptedPeer().connect()
    peer.association.batch(peer.now, () => {
      for (let i = 0; i < 40; i++) peer.association.send(peer.now, 0, 51, pattern(100))
    })
    expect(peer.packets().map(({ chunks }) => chunks.length)).toEqual([9, 9, 9, 9, 4])
  })

  test('holds back all that is queued between cork and uncork', () => {
    const peer = new ScriptedPeer().connect()
    peer.association.cork()
    for (let i = 0; i < 40; i++) peer.association.send(peer.now, 0, 51, pattern(100))
    expect(peer.packets()).toEqual([])
    expect(peer.association.bufferedAmount(0)).toBe(4_000)
    peer.association.uncork(peer.now)
    expect(peer.packets().map(({ chunks }) => chunks.length)).toEqual([9, 9, 9, 9, 4])
  })

  test('fills the rest of a packet with the beginning of a message that is cut anyway', () => {
    const peer = new ScriptedPeer().connect()
    peer.association.batch(peer.now, () => {
      peer.association.send(peer.now, 0, 51, pattern(500))
      peer.association.send(peer.now, 0, 51, pattern(2_000))
    })
    expect(
      peer.packets().map(({ chunks }) => chunks.map((chunk) => 'data' in chunk && chunk.data.length)),
    ).toEqual([[500, 616], [1_132], [252]])
  })

  test('does not cut a message that fits a packet', () => {
    const peer = new ScriptedPeer().connect()
    peer.association.batch(peer.now, () => {
      peer.association.send(peer.now, 0, 51, pattern(500))
      peer.association.send(peer.now, 0, 51, pattern(1_000))
    })
    const flags = DataFlag.beginning | DataFlag.ending
    expect(peer.packets().map(({ chunks }) => chunks)).toMatchObject([[{ flags }], [{ flags }]])
  })

  test('puts a SACK that is waiting into the packet of an answer', () => {
    const peer: ScriptedPeer = new ScriptedPeer({
      onReceived: (end, now) => end.association.send(now, 0, 51, pattern(10)),
    }).connect()
    peer.send(peer.data(0))
    expect(peer.packets().map(({ chunks }) => chunks.map(({ type }) => type))).toEqual([
      [ChunkType.sack, ChunkType.data],
    ])
  })

  test('follows the packet size at run time', () => {
    const peer = new ScriptedPeer().connect()
    peer.association.mtu = 600
    peer.association.send(peer.now, 0, 51, pattern(1_200))
    expect(peer.chunksOf(ChunkType.data).map(({ data }) => data.length)).toEqual([572, 572, 56])
    peer.association.mtu = 1_400
    peer.association.send(peer.now, 0, 51, pattern(2_000))
    expect(peer.chunksOf(ChunkType.data).map(({ data }) => data.length)).toEqual([1_372, 628])
  })
})
