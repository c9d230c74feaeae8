import { describe, expect, test } from '@jest/globals'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { ReConfigResult } from '../../src/wire/re-config.ts'
import { Pair, pattern, text } from '../support/association-pair.ts'
import { connected, reConfig, respond } from '../support/re-config.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

test('a request to reset never follows DATA in a packet (RFC 9260 §6.10): usrsctp ends the association then', () => {
  const peer = new ScriptedPeer().connect()
  peer.association.batch(peer.now, () => {
    peer.association.send(peer.now, 0, 51, text('last words'))
    peer.association.send(peer.now, 1, 51, text('others'))
    peer.association.resetStreams(peer.now, [0])
  })
  const types = peer.packets().map(({ chunks }) => chunks.map(({ type }) => type))
  expect(types.flat().filter((type) => type === ChunkType.data)).toHaveLength(2)
  expect(types.flat()).toContain(ChunkType.reConfig)
  for (const packet of types) {
    const firstData = packet.indexOf(ChunkType.data)
    if (firstData >= 0) expect(packet.slice(firstData).every((type) => type === ChunkType.data)).toBe(true)
  }
})

describe('a reset of ours, RFC 6525', () => {
  test('names the last TSN, and frees the stream when it is done', () => {
    const peer = connected()
    peer.association.send(peer.now, 4, 51, text('last'))
    peer.association.resetStreams(peer.now, [4, 9])
    expect(reConfig(peer)).toEqual([
      {
        type: ParameterType.outgoingReset,
        requestSequence: peer.peerTsn,
        responseSequence: Tsn.add(peer.tsn, -1),
        lastTsn: peer.peerTsn,
        streams: [4, 9],
      },
    ])
    expect(() => peer.association.send(peer.now, 4, 51, text('x'))).toThrow(
      expect.objectContaining({ code: 'stream-resetting' }),
    )
    peer.send(peer.sack(0))
    respond(peer, 0, ReConfigResult.performed)
    expect(peer.end.resetDone).toEqual([{ streams: [4, 9], performed: true }])
    peer.association.send(peer.now, 4, 51, text('anew'))
    expect(peer.chunksOf(ChunkType.data)).toMatchObject([{ stream: 4, ssn: 0 }])
  })

  test('waits until all that is queued has been sent', () => {
    const peer = new ScriptedPeer({ config: { initialWindow: 1_132 } }).connect()
    peer.association.send(peer.now, 4, 51, pattern(2 * 1_132))
    peer.association.resetStreams(peer.now, [4])
    expect(peer.types()).toEqual([ChunkType.data])
    peer.send(peer.sack(0))
    expect(peer.types()).toEqual([ChunkType.data, ChunkType.reConfig])
  })

  test('is one at a time', () => {
    const peer = connected()
    peer.association.resetStreams(peer.now, [1])
    peer.association.resetStreams(peer.now, [2, 1])
    peer.association.resetStreams(peer.now, [3])
    expect(reConfig(peer)).toMatchObject([{ streams: [1] }])
    respond(peer, 0, ReConfigResult.performed)
    expect(reConfig(peer)).toMatchObject([{ requestSequence: Tsn.add(peer.peerTsn, 1), streams: [2, 3] }])
  })

  test('is asked for again until it is answered', () => {
    const peer = connected()
    peer.association.resetStreams(peer.now, [1])
    const [first] = reConfig(peer)
    peer.wait(500)
    expect(reConfig(peer)).toEqual([first])
    respond(peer, 0, ReConfigResult.inProgress)
    peer.wait(1_000)
    expect(reConfig(peer)).toEqual([first])
    respond(peer, 0, ReConfigResult.nothingToDo)
    expect(peer.end.resetDone).toEqual([{ streams: [1], performed: true }])
    peer.wait(5_000)
    expect(reConfig(peer)).toEqual([])
  })

  test('may be refused', () => {
    const peer = connected()
    peer.association.resetStreams(peer.now, [1])
    respond(peer, 0, ReConfigResult.denied)
    expect(peer.end.resetDone).toEqual([{ streams: [1], performed: false }])
  })

  test('cannot be asked of a peer that does not know of it', () => {
    const peer = new ScriptedPeer()
    peer.connect(peer.init({ parameters: [] }))
    expect(peer.association.canResetStreams).toBe(false)
    peer.association.resetStreams(peer.now, [1])
    expect(peer.end.resetDone).toEqual([{ streams: [1], performed: false }])
    expect(peer.packets()).toEqual([])
  })

  test('is not confused by answers to other questions', () => {
    const peer = connected()
    respond(peer, 0, ReConfigResult.performed)
    peer.association.resetStreams(peer.now, [1])
    respond(peer, 1, ReConfigResult.performed)
    respond(peer, -1, ReConfigResult.performed)
    expect(peer.end.resetDone).toEqual([])
  })

  test('ends the association when nobody ever answers', () => {
    const peer = connected()
    peer.association.resetStreams(peer.now, [1])
    peer.wait(2_000_000)
    expect(peer.end.closed).toMatchObject([{ code: 'timed-out' }])
  })
})

test.each([1, 2, 3, 4, 5, 6])(
  'both ends reset their streams over a bad network, again and again, seed %d',
  (seed) => {
    const pair = new Pair({ seed, loss: 0.2, duplicate: 0.1, reorder: 0.2 }).connect()
    for (let round = 0; round < 10; round++) {
      for (const end of [pair.a, pair.b])
        for (let i = 0; i < 5; i++)
          end.association.send(pair.now, 3, 51, text(`round ${round}, message ${i}`))
      pair.a.association.resetStreams(pair.now, [3])
      pair.b.association.resetStreams(pair.now, [3])
      pair.runUntil(() => [pair.a, pair.b].every((end) => end.resetDone.length === round + 1))
      pair.runUntil(() => [pair.a, pair.b].every((end) => end.streamsReset.length === round + 1))
    }
    const expected = Array.from({ length: 50 }, (_, i) => `round ${Math.floor(i / 5)}, message ${i % 5}`)
    expect(pair.a.texts(3)).toEqual(expected)
    expect(pair.b.texts(3)).toEqual(expected)
  },
)
