import { describe, expect, test } from '@jest/globals'

import { type CookieMeaning, classifyCookie } from '../../src/association/collision.ts'
import type { AssociationState } from '../../src/association/state.ts'
import type { StateCookie } from '../../src/association/state-cookie.ts'
import { Tsn } from '../../src/tsn.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { CauseCode } from '../../src/wire/error-cause.ts'
import { Pair, text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const local = 10
const peer = 20
const base = { localTag: local, peerTag: peer, localTieTag: 0, peerTieTag: 0 } as StateCookie

/** RFC 9260 §5.2.4, Table 12, in the states where each row occurs. */
describe('the cookie table', () => {
  const rows: [string, AssociationState, Partial<StateCookie>, CookieMeaning][] = [
    ['A', 'established', { localTag: 1, peerTag: 2, localTieTag: local, peerTieTag: peer }, 'restart'],
    ['A', 'shutdown-sent', { localTag: 1, peerTag: 2, localTieTag: local, peerTieTag: peer }, 'restart'],
    [
      'A',
      'shutdown-ack-sent',
      { localTag: 1, peerTag: 2, localTieTag: local, peerTieTag: peer },
      'shutting-down',
    ],
    ['A without tie tags', 'established', { localTag: 1, peerTag: 2 }, 'discard'],
    ['A with half the tie tags', 'established', { localTag: 1, peerTag: 2, localTieTag: local }, 'discard'],
    ['B', 'cookie-wait', { peerTag: 2 }, 'new'],
    ['B', 'cookie-echoed', { peerTag: 2 }, 'new'],
    ['B, too late', 'established', { peerTag: 2 }, 'discard'],
    ['C', 'cookie-wait', { localTag: 1 }, 'discard'],
    ['C', 'established', { localTag: 1 }, 'discard'],
    ['D', 'cookie-echoed', {}, 'same'],
    ['D', 'established', {}, 'same'],
    ['none', 'cookie-wait', { localTag: 1, peerTag: 2 }, 'discard'],
  ]
  test.each(rows)('%s in %s: %j is %s', (_row, state, cookie, meaning) => {
    expect(classifyCookie({ ...base, ...cookie }, state, local, peer)).toBe(meaning)
  })
})

describe('both ends at once', () => {
  test.each([0, 1, 5, 15, 25, 35, 60])('connect when the second begins %d ms later', (delay) => {
    const pair = new Pair()
    pair.a.association.connect(pair.now)
    pair.sim.after(delay, (now) => pair.b.association.connect(now))
    pair.runUntil(() => pair.a.connected + pair.b.connected === 2)
    pair.run(2_000)
    pair.a.association.send(pair.now, 1, 51, text('from a'))
    pair.b.association.send(pair.now, 1, 51, text('from b'))
    pair.run(100)
    expect([pair.a.texts(1), pair.b.texts(1)]).toEqual([['from b'], ['from a']])
    expect([pair.a.connected, pair.b.connected, pair.a.restarted, pair.b.restarted]).toEqual([1, 1, 0, 0])
  })

  test('an INIT during ours is answered with our own tag and TSN', () => {
    const scripted = new ScriptedPeer()
    scripted.association.connect(scripted.now)
    const [init] = scripted.chunksOf(ChunkType.init)
    scripted.sendWithTag(0, scripted.init())
    const [answer] = scripted.chunksOf(ChunkType.initAck)
    expect([answer?.initiateTag, answer?.initialTsn]).toEqual([init?.initiateTag, init?.initialTsn])
  })

  test('a peer that answers with another tag than its INIT has (row B)', () => {
    const scripted = new ScriptedPeer()
    scripted.association.connect(scripted.now)
    const [init] = scripted.chunksOf(ChunkType.init)
    scripted.peerTag = init!.initiateTag
    // The answer to our INIT, of a peer that did not remember it, …
    scripted.send({
      ...scripted.init({ initiateTag: 0x2222_2222, initialTsn: Tsn.of(77) }),
      type: ChunkType.initAck,
      parameters: [{ type: 7, value: Uint8Array.of(1) }],
    })
    // … and then the peer's own handshake.
    scripted.connect()
    expect([scripted.association.state, scripted.end.connected]).toEqual(['established', 1])
    scripted.send(scripted.data(0))
    expect(scripted.end.texts(0)).toEqual(['message 0'])
    scripted.association.send(scripted.now, 0, 51, text('x'))
    expect(scripted.packets().at(-1)?.verificationTag).toBe(scripted.tag)
  })
})

describe('a restart of the peer', () => {
  test('is found, and both sides begin anew', () => {
    const scripted = new ScriptedPeer().connect()
    scripted.send(scripted.data(0))
    scripted.association.send(scripted.now, 0, 51, text('old'))
    const oldTag = scripted.peerTag
    scripted.tag = 0x3333_3333
    scripted.tsn = Tsn.of(0x9000)
    scripted.packets()
    scripted.connect(scripted.init())
    expect(scripted.peerTag).not.toBe(oldTag)
    expect([scripted.end.connected, scripted.end.restarted]).toEqual([1, 1])
    scripted.send(scripted.data(0))
    expect(scripted.end.texts(0)).toEqual(['message 0', 'message 0'])
    scripted.packets()
    scripted.association.send(scripted.now, 0, 51, text('new'))
    expect(scripted.chunksOf(ChunkType.data)).toMatchObject([
      { tsn: scripted.peerTsn, ssn: 0, data: text('new') },
    ])
    scripted.sendWithTag(oldTag, scripted.data(1))
    expect(scripted.association.discarded.get('wrong-tag')).toBe(1)
  })

  test('that is only an INIT changes nothing', () => {
    const scripted = new ScriptedPeer().connect()
    const tag = scripted.peerTag
    scripted.fetchCookie(scripted.init({ initiateTag: 0x4444_4444 }))
    expect(scripted.peerTag).not.toBe(tag)
    scripted.sendWithTag(tag, scripted.data(0))
    expect(scripted.end.texts(0)).toEqual(['message 0'])
    expect(scripted.end.restarted).toBe(0)
  })

  test('whose cookie is replayed after it does nothing', () => {
    const scripted = new ScriptedPeer().connect()
    scripted.tag = 0x3333_3333
    const restart = scripted.fetchCookie()
    scripted.send({ type: ChunkType.cookieEcho, cookie: restart })
    scripted.tag = 0x5555_5555
    const second = scripted.fetchCookie()
    scripted.send({ type: ChunkType.cookieEcho, cookie: second })
    expect(scripted.end.restarted).toBe(2)
    scripted.packets()
    const current = scripted.peerTag
    scripted.sendWithTag(current, { type: ChunkType.cookieEcho, cookie: restart })
    expect([scripted.packets(), scripted.end.restarted]).toEqual([[], 2])
  })

  test('during the end of the old association has to wait', () => {
    const scripted = new ScriptedPeer().connect()
    const { peerTag, peerTsn } = scripted
    const cookie = scripted.fetchCookie(scripted.init({ initiateTag: 0x3333_3333 }))
    scripted.sendWithTag(peerTag, { type: ChunkType.shutdown, cumulativeTsn: Tsn.add(peerTsn, -1) })
    expect(scripted.types()).toEqual([ChunkType.shutdownAck])
    scripted.send({ type: ChunkType.cookieEcho, cookie })
    expect(scripted.chunks()).toMatchObject([
      { type: ChunkType.shutdownAck },
      { type: ChunkType.error, causes: [{ type: CauseCode.cookieReceivedWhileShuttingDown }] },
    ])
  })
})
