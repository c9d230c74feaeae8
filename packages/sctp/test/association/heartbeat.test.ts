import { describe, expect, test } from '@jest/globals'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { Pair } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

describe('a HEARTBEAT, RFC 9260 §8.3', () => {
  test('of the peer is answered with what it carried', () => {
    const peer = new ScriptedPeer().connect()
    const info = Uint8Array.of(1, 2, 3, 4, 5)
    peer.send({ type: ChunkType.heartbeat, info })
    expect(peer.chunks()).toEqual([{ type: ChunkType.heartbeatAck, info }])
  })

  test('of the peer is answered with all that it carried, and from COOKIE-ECHOED on', () => {
    const peer = new ScriptedPeer()
    peer.association.connect(peer.now)
    peer.peerTag = peer.chunksOf(ChunkType.init)[0]!.initiateTag
    const heartbeat = {
      type: ChunkType.heartbeat,
      info: Uint8Array.of(1),
      others: [{ type: 77, value: Uint8Array.of(2) }],
    }
    peer.send(heartbeat)
    expect(peer.packets()).toEqual([])
    const parameters = [{ type: ParameterType.stateCookie, value: Uint8Array.of(1) }]
    peer.send({ ...peer.init({ parameters }), type: ChunkType.initAck })
    peer.packets()
    peer.send(heartbeat)
    expect(peer.chunks()).toEqual([{ ...heartbeat, type: ChunkType.heartbeatAck }])
  })

  test('that nobody answers doubles the timeout that the next one waits', () => {
    const config = { heartbeatInterval: 0, maxRetransmits: 100, rtoMax: 100_000 }
    const peer = new ScriptedPeer({ config }).connect()
    const times: number[] = []
    while (times.length < 9) {
      peer.wait(1)
      if (peer.types().includes(ChunkType.heartbeat)) times.push(peer.now)
    }
    const waits = times.slice(1).map((at, i) => at - times[i]!)
    // The first comes before any is unanswered; each wait is a timeout and at most half of one more or less.
    waits.forEach((wait, i) => {
      const timeout = 500 * 2 ** i
      expect(wait).toBeGreaterThanOrEqual(timeout / 2)
      expect(wait).toBeLessThanOrEqual(1.5 * timeout + 1)
    })
    expect(new Set(waits.map((wait, i) => wait / 2 ** i)).size).toBeGreaterThan(4)
  })

  test('goes out every 30 s and a timeout, and measures the round trip', () => {
    const peer = new ScriptedPeer().connect()
    peer.wait(30_000 + 200)
    expect(peer.packets()).toEqual([])
    peer.wait(600)
    const [heartbeat] = peer.chunksOf(ChunkType.heartbeat)
    peer.wait(70)
    const before = peer.association.roundTripTime
    peer.send({ type: ChunkType.heartbeatAck, info: heartbeat!.info })
    expect([before, typeof peer.association.roundTripTime]).toEqual([undefined, 'number'])
    expect(peer.association.roundTripTime).toBeGreaterThanOrEqual(70)
  })

  test('answered with anything else measures nothing', () => {
    const peer = new ScriptedPeer().connect()
    peer.wait(31_000)
    const [heartbeat] = peer.chunksOf(ChunkType.heartbeat)
    const forged = Uint8Array.from(heartbeat!.info)
    forged[0]! ^= 1
    peer.send({ type: ChunkType.heartbeatAck, info: forged })
    peer.send({ type: ChunkType.heartbeatAck, info: new Uint8Array(0) })
    expect(peer.association.discarded.get('unknown-heartbeat')).toBe(2)
    peer.send({ type: ChunkType.heartbeatAck, info: heartbeat!.info })
    peer.send({ type: ChunkType.heartbeatAck, info: heartbeat!.info })
    expect(peer.association.discarded.get('unknown-heartbeat')).toBe(3)
  })

  test('that nobody answers ends an idle association', () => {
    const pair = new Pair().connect()
    pair.toA.intercept(() => 'drop')
    pair.toB.intercept(() => 'drop')
    pair.runUntil(() => pair.a.closed.length + pair.b.closed.length === 2, 1_000_000)
    expect(pair.a.closed).toMatchObject([{ code: 'timed-out' }])
    expect(pair.b.closed).toMatchObject([{ code: 'timed-out' }])
  })

  test('that is answered, at last, begins the count of losses anew', () => {
    const config = { maxRetransmits: 4, heartbeatInterval: 1_000 }
    const peer = new ScriptedPeer({ config }).connect()
    for (let round = 0; round < 5; round++) {
      let last: Uint8Array | undefined
      for (let lost = 0; lost < 4;) {
        expect(peer.association.state).toBe('established')
        peer.wait(100)
        for (const { info } of peer.chunksOf(ChunkType.heartbeat)) {
          last = info
          lost++
        }
      }
      peer.send({ type: ChunkType.heartbeatAck, info: last! })
    }
    expect(peer.association.state).toBe('established')
    peer.wait(20_000)
    expect(peer.end.closed).toMatchObject([{ code: 'timed-out' }])
  })

  test('keeps an idle association for a day', () => {
    const pair = new Pair({ loss: 0.2 }).connect()
    pair.run(86_400_000)
    expect([pair.a.association.state, pair.b.association.state]).toEqual(['established', 'established'])
  })

  test('that is answered cuts short a timeout that losses have drawn out', () => {
    const peer = new ScriptedPeer({ config: { maxRetransmits: 20, heartbeatInterval: 40_000 } }).connect()
    peer.association.send(peer.now, 0, 51, Uint8Array.of(1))
    peer.wait(40_800)
    // T3 is due half a minute from now.
    const [heartbeat] = peer.chunksOf(ChunkType.heartbeat)
    peer.send({ type: ChunkType.heartbeatAck, info: heartbeat!.info })
    peer.wait(2_000)
    expect(peer.sentOffsets()).toEqual([0])
  })

  test('can be turned off', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
    expect(peer.association.nextTimeout).toBe(Infinity)
  })
})
