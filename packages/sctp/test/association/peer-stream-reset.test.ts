import { describe, expect, test } from '@jest/globals'

import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { type ReConfigParameter, ReConfigResult } from '../../src/wire/re-config.ts'
import { connected, reConfig, request, send } from '../support/re-config.ts'
import type { ScriptedPeer } from '../support/scripted-peer.ts'

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
