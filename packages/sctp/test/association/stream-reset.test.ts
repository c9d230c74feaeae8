import { describe, expect, test } from '@jest/globals'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import {
  type OutgoingResetRequest,
  type ReConfigParameter,
  ReConfigResult,
} from '../../src/wire/re-config.ts'
import { Pair, pattern, text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const connected = (): ScriptedPeer => new ScriptedPeer().connect()

function reConfig(peer: ScriptedPeer): ReConfigParameter[] {
  return peer.chunksOf(ChunkType.reConfig).flatMap(({ parameters }) => [...parameters])
}

/** A request of the peer; `sequence` and `last` count from its first TSN. */
function request(
  peer: ScriptedPeer,
  sequence: number,
  last: number,
  streams: number[],
): OutgoingResetRequest {
  return {
    type: ParameterType.outgoingReset,
    requestSequence: Tsn.add(peer.tsn, sequence),
    responseSequence: 0,
    lastTsn: Tsn.add(peer.tsn, last),
    streams,
  }
}

const send = (peer: ScriptedPeer, ...parameters: ReConfigParameter[]): void =>
  peer.send({ type: ChunkType.reConfig, parameters })

const respond = (peer: ScriptedPeer, sequence: number, result: number): void =>
  send(peer, {
    type: ParameterType.reconfigResponse,
    responseSequence: Tsn.add(peer.peerTsn, sequence),
    result,
  })

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

describe('a reset of the peer', () => {
  test('starts its streams anew', () => {
    const peer = connected()
    peer.send(peer.data(0, { stream: 7, ssn: 0 }))
    peer.packets()
    send(peer, request(peer, 0, 0, [7]))
    expect(reConfig(peer)).toEqual([
      { type: ParameterType.reconfigResponse, responseSequence: peer.tsn, result: ReConfigResult.performed },
    ])
    expect(peer.end.streamsReset).toEqual([[7]])
    peer.send(peer.data(1, { stream: 7, ssn: 0 }))
    expect(peer.end.texts(7)).toEqual(['message 0', 'message 1'])
  })

  test('waits for what was sent before it, and says when it is done', () => {
    const peer = connected()
    send(peer, request(peer, 0, 1, [7]))
    expect(reConfig(peer)).toMatchObject([{ result: ReConfigResult.inProgress }])
    peer.send(peer.data(1, { stream: 7, ssn: 1 }))
    expect(peer.end.streamsReset).toEqual([])
    peer.send(peer.data(0, { stream: 7, ssn: 0 }))
    expect(reConfig(peer)).toMatchObject([{ responseSequence: peer.tsn, result: ReConfigResult.performed }])
    expect(peer.end.texts(7)).toEqual(['message 0', 'message 1'])
    expect(peer.end.streamsReset).toEqual([[7]])
    send(peer, request(peer, 0, 1, [7]))
    expect(reConfig(peer)).toMatchObject([{ result: ReConfigResult.performed }])
    expect(peer.end.streamsReset).toEqual([[7]])
  })

  test('that overtakes the FORWARD TSN before it waits for that, and streams begin anew only then', () => {
    const peer = connected()
    // Its message 0 on stream 7 is given up, and the chunk that says so comes behind the request.
    send(peer, request(peer, 0, 0, [7]))
    expect(reConfig(peer)).toMatchObject([{ result: ReConfigResult.inProgress }])
    expect(peer.end.streamsReset).toEqual([])
    const newCumulativeTsn = Tsn.add(peer.tsn, 0)
    peer.send({ type: ChunkType.forwardTsn, newCumulativeTsn, skips: [{ stream: 7, ssn: 0 }] })
    expect(reConfig(peer)).toMatchObject([{ result: ReConfigResult.performed }])
    peer.send(peer.data(1, { stream: 7, ssn: 0 }))
    expect(peer.end.texts(7)).toEqual(['message 1'])
  })

  test('that waits keeps out what the peer says on those streams afterwards, RFC 6525 §5.2.2', () => {
    const peer = connected()
    send(peer, request(peer, 0, 1, [7]))
    const early = peer.data(2, { stream: 7, ssn: 0 })
    const elsewhere = peer.data(3, { stream: 8, ssn: 0 })
    peer.send(peer.data(1, { stream: 7, ssn: 1 }), early, elsewhere)
    expect(peer.chunksOf(ChunkType.sack).at(-1)).toMatchObject({ gaps: [{ start: 2, end: 2 }, { start: 4, end: 4 }] }) // prettier-ignore
    expect(peer.association.discarded.get('beyond-reset')).toBe(1)
    expect(peer.end.texts(8)).toEqual(['message 3'])
    peer.send(peer.data(0, { stream: 7, ssn: 0 }))
    expect(peer.end.streamsReset).toEqual([[7]])
    peer.send(early)
    expect(peer.end.texts(7)).toEqual(['message 0', 'message 1', 'message 2'])
    expect(peer.chunksOf(ChunkType.sack).at(-1)).toMatchObject({
      cumulativeTsn: Tsn.add(peer.tsn, 3),
      gaps: [],
    })
  })

  test('of all streams that waits keeps them all out', () => {
    const peer = connected()
    send(peer, request(peer, 0, 0, []))
    peer.send(peer.data(1, { stream: 3, ssn: 0 }))
    expect(peer.association.discarded.get('beyond-reset')).toBe(1)
    peer.send(peer.data(0, { stream: 3, ssn: 0 }))
    peer.send(peer.data(1, { stream: 3, ssn: 0 }))
    expect(peer.end.texts(3)).toEqual(['message 0', 'message 1'])
  })

  test('of dcSCTP, which asks with a new number while it waits', () => {
    const peer = connected()
    send(peer, request(peer, 0, 0, [7]))
    send(peer, request(peer, 1, 0, [7, 8]))
    peer.packets()
    peer.send(peer.data(0, { stream: 7, ssn: 0 }))
    expect(reConfig(peer)).toMatchObject([
      { responseSequence: Tsn.add(peer.tsn, 1), result: ReConfigResult.performed },
    ])
    expect(peer.end.streamsReset).toEqual([[7, 8]])
  })

  test('of all streams', () => {
    const peer = connected()
    peer.send(peer.data(0, { stream: 1, ssn: 0 }), peer.data(1, { stream: 2, ssn: 0 }))
    send(peer, request(peer, 0, 1, []))
    expect(peer.end.streamsReset).toEqual([[]])
    peer.send(peer.data(2, { stream: 1, ssn: 0 }), peer.data(3, { stream: 2, ssn: 0 }))
    expect(peer.end.received).toHaveLength(4)
  })

  test('beside an answer, in one chunk', () => {
    const peer = connected()
    peer.association.resetStreams(peer.now, [1])
    peer.packets()
    const response = {
      type: ParameterType.reconfigResponse,
      responseSequence: peer.peerTsn,
      result: ReConfigResult.performed,
    } as const
    send(peer, response, request(peer, 0, -1, [1]))
    expect(peer.end.resetDone).toEqual([{ streams: [1], performed: true }])
    expect(peer.end.streamsReset).toEqual([[1]])
  })

  test.each<[string, number, (peer: ScriptedPeer) => ReConfigParameter]>([
    ['with a wrong number', ReConfigResult.badSequenceNumber, (peer) => request(peer, 5, 0, [1])],
    ['of a stream out of range', ReConfigResult.wrongStream, (peer) => request(peer, 0, -1, [1, 65_535])],
    [
      'of our streams',
      ReConfigResult.denied,
      (peer) => ({ type: ParameterType.incomingReset, requestSequence: peer.tsn, rest: Uint8Array.of(0, 1) }),
    ],
    [
      'of the TSNs',
      ReConfigResult.denied,
      (peer) => ({ type: ParameterType.tsnReset, requestSequence: peer.tsn, rest: new Uint8Array(0) }),
    ],
    [
      'that is a wish for more streams',
      ReConfigResult.denied,
      (peer) => ({
        type: ParameterType.addOutgoingStreams,
        requestSequence: peer.tsn,
        rest: new Uint8Array(4),
      }),
    ],
  ])('%s is refused', (_name, result, make) => {
    const peer = connected()
    send(peer, make(peer))
    expect(reConfig(peer)).toMatchObject([{ type: ParameterType.reconfigResponse, result }])
    expect(peer.end.streamsReset).toEqual([])
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
