import { describe, expect, test } from '@jest/globals'

import { Tsn } from '../../src/tsn.ts'
import type { Chunk } from '../../src/wire/chunk.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import { pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

/** One fragment fills a packet of the default size. */
const fragment = 1_132

/** A peer to which the association has sent `count` full packets of one message. */
function sending(count: number, total = count, roundTrip = 40): ScriptedPeer {
  const peer = new ScriptedPeer({
    config: { initialWindow: count * fragment, heartbeatInterval: Infinity },
  }).connect()
  peer.association.send(peer.now, 0, 51, pattern(total * fragment))
  expect(peer.sentOffsets()).toEqual(Array.from({ length: count }, (_, i) => i))
  peer.wait(roundTrip)
  return peer
}

/** Of each chunk that was sent since the last call, whether its I bit is set. */
function asking(peer: ScriptedPeer): boolean[] {
  return peer.chunksOf(ChunkType.data).map(({ flags }) => (flags & DataFlag.immediate) !== 0)
}

describe('losses, RFC 8985', () => {
  test('show when three packets overtook the missing one', () => {
    const peer = sending(8)
    peer.send(peer.sack(0, [[2, 2]]))
    peer.send(peer.sack(0, [[2, 3]]))
    expect(peer.sentOffsets()).toEqual([])
    peer.send(peer.sack(0, [[2, 4]]))
    expect(peer.sentOffsets()).toEqual([1])
  })

  test('show a quarter of a round trip after a single packet overtook', () => {
    const peer = sending(8)
    for (let i = 0; i < 10; i++) peer.send(peer.sack(0, [[2, 2]]))
    peer.wait(9)
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(1)
    expect(peer.sentOffsets()).toEqual([1])
  })

  test('are no losses where the late packet comes within that time', () => {
    const peer = sending(8)
    peer.send(peer.sack(0, [[2, 2]]))
    peer.wait(5)
    peer.send(peer.sack(2))
    peer.wait(20)
    expect(peer.sentOffsets()).toEqual([])
  })

  test('wait on a path that reorders, however many packets overtake', () => {
    const peer = sending(16)
    peer.send(peer.sack(0, [[2, 2]]))
    peer.send(peer.sack(2))
    peer.send(peer.sack(2, [[2, 9]]))
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(10)
    expect(peer.sentOffsets()).toEqual([3])
  })

  test('of retransmissions show by what was sent after them, without a timeout', () => {
    const peer = sending(16)
    // Chunks 0 and 8 are lost, and chunk 0 once more.
    peer.send(peer.sack(-1, [[2, 8], [10, 16]])) // prettier-ignore
    expect(peer.sentOffsets()).toEqual([0, 8])
    peer.wait(40)
    peer.send(peer.sack(-1, [[2, 16]]))
    expect(peer.sentOffsets()).toEqual([0])
  })

  test('of one flight reduce the window once', () => {
    const peer = sending(20)
    const before = peer.association.congestionWindow
    peer.send(peer.sack(-1, [[2, 4]]))
    expect(peer.association.congestionWindow).toBeCloseTo(before * 0.7)
    peer.send(peer.sack(3, [[2, 16]]))
    expect(peer.sentOffsets()).toEqual([0, 4])
    expect(peer.association.congestionWindow).toBeCloseTo(before * 0.7)
  })

  test('let one packet leave at once, and others as what is in flight arrives', () => {
    const peer = sending(20)
    peer.send(peer.sack(-1, [[12, 14]]))
    const first = peer.sentOffsets().length
    expect(first).toBeLessThanOrEqual(4)
    peer.send(peer.sack(-1, [[12, 16]]))
    peer.send(peer.sack(-1, [[12, 18]]))
    const all = first + peer.sentOffsets().length
    expect(all).toBeGreaterThan(3)
    expect(all).toBeLessThanOrEqual(8)
  })

  test('include what the peer reported and took back', () => {
    const peer = sending(8)
    peer.send(peer.sack(-1, [[1, 1], [3, 3]])) // prettier-ignore
    peer.send(peer.sack(-1, [[3, 8]]))
    peer.wait(20)
    expect(peer.sentOffsets().sort()).toEqual([0, 1])
  })
})

describe('the end of a flight, RFC 8985 §7', () => {
  test('is probed after two round trips: with the last chunk where there is nothing new', () => {
    const peer = sending(8)
    peer.send(peer.sack(5))
    peer.wait(79)
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(1)
    expect(peer.sentOffsets()).toEqual([7])
    peer.wait(40)
    peer.send(peer.sack(5, [[2, 2]]))
    peer.wait(10)
    expect(peer.sentOffsets()).toEqual([6])
  })

  test('waits for a delayed SACK where one packet is out', () => {
    const peer = sending(8)
    peer.send(peer.sack(6))
    peer.wait(279)
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(1)
    expect(peer.sentOffsets()).toEqual([7])
  })

  test('is probed with new data where there is any, beyond the window', () => {
    const peer = sending(8)
    peer.send(peer.sack(3))
    peer.association.send(peer.now, 0, 51, pattern(60_000))
    const next = 8 + peer.sentOffsets().length
    peer.wait(79)
    expect(peer.sentOffsets()).toEqual([])
    peer.wait(1)
    expect(peer.sentOffsets()).toEqual([next])
  })

  test('is probed by what asks for its SACK at once, and nothing after it does', () => {
    const peer = sending(8)
    peer.send(peer.sack(5))
    peer.wait(80)
    expect(asking(peer)).toEqual([true])
    peer.association.send(peer.now, 0, 51, pattern(10))
    expect(asking(peer)).toEqual([false])
  })

  test('costs a reduction of the window if the probe made up for a loss, and none if it did not', () => {
    for (const duplicates of [[], [7]]) {
      const peer = sending(8)
      peer.send(peer.sack(5))
      const before = peer.association.congestionWindow
      peer.wait(80)
      const sack = peer.sack(7)
      const reported = duplicates.map((offset) => Tsn.add(peer.peerTsn, offset))
      peer.send({ ...sack, duplicates: reported } as Chunk)
      expect(peer.association.congestionWindow < before).toBe(duplicates.length === 0)
    }
  })
})

describe('T3, RFC 9260 §6.3', () => {
  test('sends one packet, and the rest as the window opens again', () => {
    const peer = sending(6, 6, 0)
    peer.wait(500)
    expect(peer.sentOffsets()).toEqual([0])
    expect(peer.association.congestionWindow).toBe(1_160)
    peer.send(peer.sack(0))
    expect(peer.sentOffsets()).toEqual([1, 2, 3])
    peer.send(peer.sack(3))
    expect(peer.sentOffsets()).toEqual([4, 5])
  })

  test('asks for its SACK at once: one packet alone would wait for a delayed one', () => {
    const peer = sending(6, 6, 0)
    peer.wait(500)
    expect(asking(peer)).toEqual([true])
    peer.send(peer.sack(0))
    expect(asking(peer)).toEqual([false, false, false])
  })

  test('doubles its wait while nothing comes, and starts afresh when something does', () => {
    const peer = sending(2, 2, 0)
    const start = peer.now
    const times: number[] = []
    while (times.length < 4) {
      peer.wait(1)
      if (peer.sentOffsets().length > 0) times.push(peer.now - start)
    }
    expect(times).toEqual([500, 1_500, 3_500, 7_500])
    peer.send(peer.sack(0))
    const answered = peer.now
    expect(peer.sentOffsets()).toEqual([1])
    while (peer.sentOffsets().length === 0) peer.wait(1)
    expect(peer.now - answered).toBe(500)
  })

  test('does not send what gap blocks report in the meantime', () => {
    const peer = sending(6, 6, 0)
    peer.wait(500)
    peer.packets()
    peer.send(peer.sack(0, [[2, 5]]))
    expect(peer.sentOffsets()).toEqual([1])
  })

  test('distrusts gap blocks: what was reported may be gone', () => {
    const peer = sending(3, 3, 0)
    peer.send(peer.sack(-1, [[2, 3]]))
    peer.wait(500)
    // Once because it was overtaken, once by the timer.
    expect(peer.sentOffsets()).toEqual([0, 0])
    peer.send(peer.sack(0))
    expect(peer.sentOffsets()).toEqual([1, 2])
  })

  test('ends the association after ten repetitions', () => {
    const peer = sending(1, 1, 0)
    let repetitions = 0
    while (peer.association.state !== 'closed') {
      peer.wait(100)
      repetitions += peer.sentOffsets().length
    }
    expect(repetitions).toBe(10)
    expect(peer.end.closed).toEqual([{ code: 'timed-out', message: expect.any(String) }])
    expect(peer.association.nextTimeout).toBe(Infinity)
  })

  test('measures no chunk that was sent twice (Karn)', () => {
    const peer = sending(1, 1, 0)
    const before = peer.association.roundTripTime
    peer.wait(500)
    peer.wait(30)
    peer.send(peer.sack(0))
    expect(peer.association.roundTripTime).toBe(before)
    peer.association.send(peer.now, 0, 51, pattern(10))
    peer.wait(40)
    peer.send(peer.sack(1))
    expect(peer.association.roundTripTime).toBe(40)
  })
})

describe('SACKs that make no sense', () => {
  test.each<[string, (peer: ScriptedPeer) => void]>([
    ['acknowledge what was never sent', (peer) => peer.send(peer.sack(8))],
    ['acknowledge half the number space ahead', (peer) => peer.send(peer.sack(0x7fff_ffff))],
    ['report a gap in what was never sent', (peer) => peer.send(peer.sack(0, [[2, 100]]))],
    ['have a block that ends before it starts', (peer) => peer.send(peer.sack(0, [[5, 3]]))],
    ['have a block that starts at 0', (peer) => peer.send(peer.sack(0, [[0, 3]]))],
  ])('%s are dropped whole', (_name, send) => {
    const peer = sending(8, 8, 0)
    send(peer)
    expect(peer.association.discarded.get('invalid-sack')).toBe(1)
    // Nothing of it was applied: all eight are still outstanding, and the window is what it was.
    peer.send(peer.sack(7))
    expect(peer.association.discarded.total).toBe(1)
    expect(peer.association.state).toBe('established')
  })

  test('are old when a later one came first', () => {
    const peer = sending(8, 8, 0)
    peer.send(peer.sack(5))
    peer.send(peer.sack(2))
    expect(peer.association.discarded.get('old-sack')).toBe(1)
  })

  test('have their blocks in no order, and count all the same', () => {
    const peer = sending(10, 10, 0)
    peer.send(peer.sack(0, [[6, 6], [2, 3], [3, 4]])) // prettier-ignore
    peer.send(peer.sack(0, [[7, 7], [6, 6], [2, 4]])) // prettier-ignore
    peer.send(peer.sack(0, [[8, 8], [7, 7], [6, 6], [2, 4]])) // prettier-ignore
    expect(peer.sentOffsets().sort()).toEqual([1, 5])
  })

  test('claim more blocks than they have', () => {
    const peer = sending(2, 2, 0)
    peer.send({ type: ChunkType.heartbeat, info: new Uint8Array(4) })
    expect(peer.types()).toEqual([ChunkType.heartbeatAck])
    peer.send(peer.sack(0, [[2, 2]]))
    expect(peer.association.discarded.get('invalid-sack')).toBe(1)
  })
})
