import { describe, expect, test } from '@jest/globals'

import { equalBytes } from '@purertc/bytes'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import type { ForwardTsnChunk } from '../../src/wire/forward-tsn.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { Pair, pattern, text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const connected = (): ScriptedPeer => new ScriptedPeer().connect()

/** The only FORWARD TSN since the last call, as offset and skips. */
function forward(peer: ScriptedPeer): { offset: number; skips: ForwardTsnChunk['skips'] } | undefined {
  const [chunk] = peer.chunksOf(ChunkType.forwardTsn)
  return chunk && { offset: Tsn.distance(peer.peerTsn, chunk.newCumulativeTsn), skips: chunk.skips }
}

describe('giving up, RFC 3758', () => {
  test('a message that may not be sent again, at the first timeout', () => {
    const peer = connected()
    peer.association.send(peer.now, 5, 51, text('once'), { maxRetransmits: 0 })
    expect(peer.sentOffsets()).toEqual([0])
    peer.wait(500)
    expect(forward(peer)).toEqual({ offset: 0, skips: [{ stream: 5, ssn: 0 }] })
    peer.send(peer.sack(0))
    peer.wait(60_000 - 30_000)
    expect(peer.sentOffsets()).toEqual([])
  })

  test('after as many repetitions as were allowed', () => {
    const peer = connected()
    peer.association.send(peer.now, 5, 51, text('thrice'), { maxRetransmits: 2 })
    let sent = peer.sentOffsets().length
    for (let i = 0; i < 40; i++) {
      peer.wait(100)
      sent += peer.sentOffsets().length
    }
    expect(sent).toBe(3)
  })

  test('a message that three SACKs report missing, at once', () => {
    const peer = connected()
    peer.association.send(peer.now, 5, 51, text('gone'), { maxRetransmits: 0 })
    for (let i = 0; i < 3; i++) peer.association.send(peer.now, 6, 51, text('kept'))
    peer.packets()
    for (const end of [2, 3, 4]) peer.send(peer.sack(-1, [[2, end]]))
    expect(forward(peer)).toEqual({ offset: 0, skips: [{ stream: 5, ssn: 0 }] })
  })

  test('a message whose time is up', () => {
    const peer = connected()
    peer.association.send(peer.now, 5, 51, text('soon'), { lifetime: 700 })
    expect(peer.sentOffsets()).toEqual([0])
    peer.wait(500)
    expect(peer.sentOffsets()).toEqual([0])
    peer.wait(1_000)
    expect(forward(peer)).toMatchObject({ offset: 0 })
  })

  test('a message whose time is up before it was sent: nobody hears of it', () => {
    const peer = new ScriptedPeer({ config: { initialWindow: 1_132 } }).connect()
    peer.association.send(peer.now, 5, 51, pattern(1_132))
    peer.association.send(peer.now, 5, 51, text('late'), { lifetime: 100 })
    peer.association.send(peer.now, 5, 51, text('kept'))
    expect(peer.sentOffsets()).toEqual([0])
    peer.wait(150)
    peer.send(peer.sack(0))
    expect(peer.chunks()).toMatchObject([{ type: ChunkType.data, ssn: 1, data: text('kept') }])
    expect(peer.association.bufferedAmount(5)).toBe(0)
  })

  test('all fragments of a message, and the rest of it that was not yet sent', () => {
    const peer = new ScriptedPeer({ config: { initialWindow: 3 * 1_132 } }).connect()
    peer.association.send(peer.now, 5, 51, pattern(10 * 1_132), { maxRetransmits: 0 })
    peer.association.send(peer.now, 5, 51, text('next'))
    expect(peer.sentOffsets()).toEqual([0, 1, 2])
    peer.wait(500)
    // A TSN that was never sent stands for the end of the message.
    expect(forward(peer)).toEqual({ offset: 3, skips: [{ stream: 5, ssn: 0 }] })
    peer.send(peer.sack(3))
    expect(peer.chunksOf(ChunkType.data)).toMatchObject([{ tsn: Tsn.add(peer.peerTsn, 4), ssn: 1 }])
  })

  test('the rest of a message all of whose fragments so far have arrived', () => {
    const peer = new ScriptedPeer({ config: { initialWindow: 2 * 1_132 } }).connect()
    peer.association.send(peer.now, 5, 51, pattern(10 * 1_132), { lifetime: 100 })
    expect(peer.sentOffsets()).toEqual([0, 1])
    peer.wait(150)
    peer.send(peer.sack(1))
    expect(forward(peer)).toEqual({ offset: 2, skips: [{ stream: 5, ssn: 0 }] })
  })

  test('unordered messages without naming a stream', () => {
    const peer = connected()
    peer.association.send(peer.now, 5, 51, text('x'), { maxRetransmits: 0, unordered: true })
    peer.packets()
    peer.wait(500)
    expect(forward(peer)).toEqual({ offset: 0, skips: [] })
  })

  test('names only the last message of each stream', () => {
    const peer = connected()
    for (const stream of [1, 2, 1, 1])
      peer.association.send(peer.now, stream, 51, text('x'), { maxRetransmits: 0 })
    peer.packets()
    peer.wait(500)
    expect(forward(peer)).toEqual({
      offset: 3,
      skips: [
        { stream: 1, ssn: 2 },
        { stream: 2, ssn: 0 },
      ],
    })
  })

  test('stops before a message that is not given up', () => {
    const peer = connected()
    peer.association.send(peer.now, 1, 51, text('x'), { maxRetransmits: 0 })
    peer.association.send(peer.now, 1, 51, text('reliable'))
    peer.association.send(peer.now, 1, 51, text('x'), { maxRetransmits: 0 })
    peer.packets()
    peer.wait(500)
    const chunks = peer.chunks()
    expect(chunks).toMatchObject([
      { type: ChunkType.forwardTsn, newCumulativeTsn: peer.peerTsn },
      { type: ChunkType.data, data: text('reliable') },
    ])
    peer.send(peer.sack(1))
    expect(forward(peer)).toMatchObject({ offset: 2 })
  })

  test('is said again when it is not heard', () => {
    const peer = connected()
    peer.association.send(peer.now, 1, 51, text('x'), { maxRetransmits: 0 })
    peer.packets()
    peer.wait(500)
    expect(forward(peer)).toMatchObject({ offset: 0 })
    peer.wait(1_000)
    expect(forward(peer)).toMatchObject({ offset: 0 })
  })

  test('is not for a peer that does not understand it', () => {
    const peer = new ScriptedPeer()
    peer.connect(
      peer.init({ parameters: [{ type: ParameterType.supportedExtensions, value: Uint8Array.of(130) }] }),
    )
    peer.association.send(peer.now, 1, 51, text('x'), { maxRetransmits: 0, lifetime: 1 })
    expect(peer.sentOffsets()).toEqual([0])
    peer.wait(500)
    expect(peer.sentOffsets()).toEqual([0])
  })
})

describe('a FORWARD TSN of the peer', () => {
  const forwardTsn = (
    peer: ScriptedPeer,
    offset: number,
    skips: ForwardTsnChunk['skips'] = [],
  ): ForwardTsnChunk => ({
    type: ChunkType.forwardTsn,
    newCumulativeTsn: Tsn.add(peer.tsn, offset),
    skips,
  })

  test('lets what waited go, in order', () => {
    const peer = connected()
    peer.send(peer.data(1, { ssn: 1 }), peer.data(3, { ssn: 3 }))
    expect(peer.end.texts(0)).toEqual([])
    peer.packets()
    peer.send(forwardTsn(peer, 2, [{ stream: 0, ssn: 2 }]))
    expect(peer.end.texts(0)).toEqual(['message 1', 'message 3'])
    expect(peer.chunks()).toMatchObject([{ type: ChunkType.sack, cumulativeTsn: Tsn.add(peer.tsn, 3) }])
  })

  test('drops half a message', () => {
    const peer = connected()
    peer.send(peer.data(0, { flags: DataFlag.beginning, data: pattern(1_000) }))
    peer.send(forwardTsn(peer, 1, [{ stream: 0, ssn: 0 }]))
    expect(peer.association.receiveBuffered).toBe(0)
    peer.send(peer.data(2, { ssn: 1 }))
    expect(peer.end.texts(0)).toEqual(['message 2'])
  })

  test('that is old is acknowledged, no more', () => {
    const peer = connected()
    peer.send(peer.data(0), peer.data(1))
    peer.packets()
    peer.send(forwardTsn(peer, 0, [{ stream: 0, ssn: 0 }]))
    expect(peer.types()).toEqual([ChunkType.sack])
    peer.send(peer.data(2))
    expect(peer.end.texts(0)).toHaveLength(3)
  })

  test.each([0x1_0000, 0x7fff_0000])('%d ahead is dropped', (offset) => {
    const peer = connected()
    peer.send(forwardTsn(peer, offset))
    expect(peer.association.discarded.get('invalid-forward-tsn')).toBe(1)
    peer.send(peer.data(0))
    expect(peer.end.texts(0)).toEqual(['message 0'])
  })

  test('may name streams out of range, and many of them', () => {
    const peer = new ScriptedPeer({ config: { streams: 10 } }).connect()
    const skips = Array.from({ length: 250 }, (_, i) => ({ stream: 65_535 - i, ssn: i }))
    peer.send(forwardTsn(peer, 0, skips))
    peer.send(peer.data(1, { ssn: 0 }))
    expect(peer.end.texts(0)).toEqual(['message 1'])
  })
})

test.each([1, 2, 3])('over a bad network what arrives is in order, seed %d', (seed) => {
  const pair = new Pair({ seed, loss: 0.2, reorder: 0.1, duplicate: 0.05 }).connect()
  const count = 200
  const bytes = (i: number): Uint8Array => {
    const message = pattern(1 + ((i * 977) % 4_000), i)
    new DataView(message.buffer).setUint8(0, i & 0xff)
    return message
  }
  for (let i = 0; i < count; i++)
    pair.sim.after(i * 10, (now) =>
      pair.a.association.send(now, i % 3, 51, bytes(i), { maxRetransmits: i % 2 }),
    )
  pair.sim.after(count * 10, (now) => pair.a.association.send(now, 0, 53, text('the end')))
  pair.runUntil(() => pair.b.received.some(({ protocol }) => protocol === 53))
  pair.run(5_000)
  for (const stream of [0, 1, 2]) {
    const received = pair.b.received
      .filter((candidate) => candidate.stream === stream)
      .map(({ message }) => message)
    let next = stream
    for (const message of received.slice(0, stream === 0 ? -1 : undefined)) {
      while (next < count && (next & 0xff) !== message[0]) next += 3
      expect(next).toBeLessThan(count)
      expect(equalBytes(message, bytes(next))).toBe(true)
      next += 3
    }
    expect(received.length).toBeGreaterThan(30)
  }
  expect(pair.b.association.receiveBuffered).toBe(0)
  expect(pair.a.association.bufferedAmount(0)).toBe(0)
})

describe('what was given up is counted, RFC 7496 §4.3', () => {
  test.each([false, true])(
    'of each stream and of all, sent and unsent apart (interleaving: %s)',
    (interleaving) => {
      const options = { config: { interleaving, initialWindow: 3_000 } }
      const pair = new Pair({ a: options, b: options }).connect()
      const { association } = pair.a
      pair.toB.conditions = { latency: 10, loss: 1 }
      for (let i = 0; i < 3; i++) association.send(pair.now, 1, 51, pattern(900, i), { maxRetransmits: 0 })
      for (let i = 0; i < 4; i++) association.send(pair.now, 2, 51, pattern(900, i), { lifetime: 50 })
      association.send(pair.now, 3, 51, text('stays'))
      pair.run(1_000)
      pair.toB.conditions = { latency: 10 }
      pair.runUntil(() => pair.b.received.length > 0)
      pair.run(10_000)
      expect(pair.b.received.map(({ stream }) => stream)).toEqual([3])
      expect(association.abandonedMessages(3)).toEqual({ unsent: 0, sent: 0 })
      const [one, two] = [association.abandonedMessages(1), association.abandonedMessages(2)]
      expect([one.sent + one.unsent, two.sent + two.unsent]).toEqual([3, 4])
      expect(one).toEqual({ unsent: 0, sent: 3 })
      expect(two.unsent).toBeGreaterThan(0)
      expect(association.abandonedMessages()).toEqual({
        unsent: one.unsent + two.unsent,
        sent: one.sent + two.sent,
      })
      expect(pair.b.association.abandonedMessages()).toEqual({ unsent: 0, sent: 0 })
    },
  )

  test('a stream that begins anew counts from nothing', () => {
    const pair = new Pair().connect()
    const { association } = pair.a
    pair.toB.conditions = { latency: 10, loss: 1 }
    association.send(pair.now, 1, 51, text('lost'), { maxRetransmits: 0 })
    pair.run(2_000)
    pair.toB.conditions = { latency: 10 }
    pair.run(10_000)
    expect(association.abandonedMessages(1)).toEqual({ unsent: 0, sent: 1 })
    association.resetStreams(pair.now, [1])
    pair.runUntil(() => pair.a.resetDone.length === 1)
    expect(association.abandonedMessages(1)).toEqual({ unsent: 0, sent: 0 })
    expect(association.abandonedMessages()).toEqual({ unsent: 0, sent: 1 })
  })
})
