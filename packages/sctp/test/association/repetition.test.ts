import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { Pair, pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

describe('what is sent again', () => {
  test('an INIT has the tag, the TSN and the parameters that it had', () => {
    const peer = new ScriptedPeer()
    peer.association.connect(peer.now)
    peer.wait(4_000)
    const inits = peer.chunksOf(ChunkType.init)
    expect(inits.length).toBeGreaterThan(2)
    for (const init of inits) expect(init).toEqual(inits[0])
  })

  test('an INIT ACK that comes twice, with another cookie, does not replace the first', () => {
    const peer = new ScriptedPeer()
    peer.association.connect(peer.now)
    peer.peerTag = peer.chunksOf(ChunkType.init)[0]!.initiateTag
    const answer = (cookie: number): void =>
      peer.send({
        ...peer.init(),
        type: ChunkType.initAck,
        parameters: [{ type: ParameterType.stateCookie, value: Uint8Array.of(cookie) }],
      })
    answer(1)
    answer(2)
    peer.wait(3_000)
    const echoes = peer.chunksOf(ChunkType.cookieEcho)
    expect(echoes.length).toBeGreaterThan(1)
    for (const { cookie } of echoes) expect(cookie).toEqual(Uint8Array.of(1))
    peer.send({ type: ChunkType.cookieAck })
    expect(peer.association.state).toBe('established')
  })
})

describe('on a network that doubles every packet', () => {
  test.each([false, true])('all goes as it would on another (interleaving: %s)', (interleaving) => {
    const end = { config: { interleaving } }
    const pair = new Pair({ duplicate: 1, reorder: 0.3, seed: 5, a: end, b: end }).connect()
    for (let i = 0; i < 10; i++) pair.a.association.send(pair.now, i % 2, 53, pattern(20_000, i))
    pair.runUntil(() => pair.b.received.length === 10)
    pair.a.association.resetStreams(pair.now, [0])
    pair.runUntil(() => pair.a.resetDone.length === 1)
    pair.a.association.send(pair.now, 0, 53, pattern(5_000, 77))
    pair.runUntil(() => pair.b.received.length === 11)
    expect(equalBytes(pair.b.received[10]!.message, pattern(5_000, 77))).toBe(true)
    expect(pair.b.streamsReset).toEqual([[0]])
    pair.a.association.shutdown(pair.now)
    pair.runUntil(() => pair.a.closed.length + pair.b.closed.length === 2)
    expect([...pair.a.closed, ...pair.b.closed].map(({ code }) => code)).toEqual(['shutdown', 'shutdown'])
    expect([pair.a.connected, pair.a.restarted, pair.b.connected, pair.b.restarted]).toEqual([1, 0, 1, 0])
  })
})

test('a window of one packet carries messages of many, one after the other', () => {
  const config = { receiveWindow: 1_500, maxMessageSize: 1_400 }
  const pair = new Pair({ latency: 5, b: { config } }).connect()
  for (let i = 0; i < 50; i++) pair.a.association.send(pair.now, 0, i, pattern(1_400, i))
  pair.runUntil(() => pair.b.received.length === 50, 120_000)
  expect(pair.b.received.map(({ protocol }) => protocol)).toEqual(Array.from({ length: 50 }, (_, i) => i))
})
