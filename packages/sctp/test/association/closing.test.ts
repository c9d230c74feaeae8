import { describe, expect, test } from '@jest/globals'

import { SctpError } from '../../src/index.ts'
import { Tsn } from '../../src/tsn.ts'
import type { Chunk } from '../../src/wire/chunk.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { CauseCode } from '../../src/wire/error-cause.ts'
import { Pair, pattern, text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const abort: Chunk = { type: ChunkType.abort, tagReflected: false, causes: [] }

const code = (expected: string): unknown => expect.objectContaining({ name: 'SctpError', code: expected })

describe('a shutdown, RFC 9260 §9.2', () => {
  test('lets everything arrive first, in both directions', () => {
    const pair = new Pair({ loss: 0.1, seed: 9 }).connect()
    for (let i = 0; i < 4; i++) {
      pair.a.association.send(pair.now, 0, 51, pattern(60_000, i))
      pair.b.association.send(pair.now, 0, 51, pattern(60_000, i))
    }
    pair.a.association.shutdown(pair.now)
    expect(() => pair.a.association.send(pair.now, 0, 51, text('late'))).toThrow(SctpError)
    pair.runUntil(() => pair.a.closed.length + pair.b.closed.length === 2)
    expect([pair.a.received.length, pair.b.received.length]).toEqual([4, 4])
    expect([...pair.a.closed, ...pair.b.closed].map((reason) => reason.code)).toEqual([
      'shutdown',
      'shutdown',
    ])
    expect([pair.a.association.nextTimeout, pair.b.association.nextTimeout]).toEqual([Infinity, Infinity])
  })

  test('works when both ends begin it at once', () => {
    const pair = new Pair().connect()
    pair.a.association.shutdown(pair.now)
    pair.b.association.shutdown(pair.now)
    pair.runUntil(() => pair.a.closed.length + pair.b.closed.length === 2)
    expect([...pair.a.closed, ...pair.b.closed].map((reason) => reason.code)).toEqual([
      'shutdown',
      'shutdown',
    ])
  })

  test.each([0, 1, 2, 3])('survives the loss of packet %d in each direction', (lost) => {
    const pair = new Pair().connect()
    const [sentA, sentB] = [pair.toA.sent, pair.toB.sent]
    pair.toA.intercept((index) => (index === sentA + lost ? 'drop' : 'pass'))
    pair.toB.intercept((index) => (index === sentB + lost ? 'drop' : 'pass'))
    pair.a.association.shutdown(pair.now)
    pair.runUntil(() => pair.a.closed.length + pair.b.closed.length === 2)
    expect([...pair.a.closed, ...pair.b.closed].map((reason) => reason.code)).toEqual([
      'shutdown',
      'shutdown',
    ])
  })

  test('before the association stands is an abort', () => {
    const pair = new Pair()
    pair.a.association.connect(pair.now)
    pair.a.association.shutdown(pair.now)
    expect(pair.a.closed).toMatchObject([{ code: 'aborted' }])
  })

  test('goes on acknowledging what the peer still sends', () => {
    const peer = new ScriptedPeer().connect()
    peer.send(peer.data(0))
    peer.association.shutdown(peer.now)
    expect(peer.types()).toEqual([ChunkType.sack, ChunkType.shutdown])
    // One for each packet, however many chunks of DATA it has.
    peer.send(peer.data(1), peer.data(2), peer.data(3))
    const upTo = (offset: number): Chunk[] => [
      { type: ChunkType.shutdown, cumulativeTsn: Tsn.add(peer.tsn, offset) },
    ]
    expect(peer.chunks()).toEqual(upTo(3))
    peer.send(peer.data(5))
    expect(peer.chunks()).toMatchObject([...upTo(3), { type: ChunkType.sack, gaps: [{ start: 2, end: 2 }] }])
    peer.send(peer.data(4))
    peer.packets()
    peer.send(peer.data(4))
    expect(peer.chunks()).toMatchObject([...upTo(5), { duplicates: [Tsn.add(peer.tsn, 4)] }])
    expect(peer.end.texts(0)).toHaveLength(6)
    peer.send({ type: ChunkType.shutdownAck })
    expect(peer.chunks()).toEqual([{ type: ChunkType.shutdownComplete, tagReflected: false }])
    expect(peer.end.closed).toMatchObject([{ code: 'shutdown' }])
  })

  test('of a peer that never comes to an end is cut short', () => {
    const config = { rtoMax: 1_000, maxRetransmits: 1_000, heartbeatInterval: Infinity }
    const peer = new ScriptedPeer({ config }).connect()
    peer.association.shutdown(peer.now)
    peer.wait(4_900)
    expect(peer.end.closed).toEqual([])
    peer.wait(200)
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved', cause: CauseCode.protocolViolation }])
  })

  test('waits for what is queued, however long that takes, also for what the peer has queued', () => {
    const config = { rtoMax: 1_000, maxRetransmits: 1_000 }
    const peer = new ScriptedPeer({ config }).connect()
    peer.association.send(peer.now, 0, 51, pattern(20_000))
    peer.association.shutdown(peer.now)
    let last = Math.max(...peer.sentOffsets())
    for (let acknowledged = 0; acknowledged < last; acknowledged++) {
      peer.wait(2_000)
      peer.send(peer.sack(acknowledged))
      last = Math.max(last, ...peer.sentOffsets())
    }
    expect([peer.association.state, peer.end.closed]).toEqual(['shutdown-pending', []])
    peer.send(peer.sack(last))
    expect(peer.association.state).toBe('shutdown-sent')
    for (let i = 0; i < 20; i++) {
      peer.wait(2_000)
      peer.send(peer.data(i))
    }
    expect([peer.end.received.length, peer.end.closed]).toEqual([20, []])
    peer.wait(5_100)
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
  })

  test('of a peer that only says so is cut short after our SHUTDOWN ACK', () => {
    const config = { rtoMax: 1_000, maxRetransmits: 1_000 }
    const peer = new ScriptedPeer({ config }).connect()
    peer.send({ type: ChunkType.shutdown, cumulativeTsn: Tsn.add(peer.peerTsn, -1) })
    peer.wait(4_900)
    expect(peer.association.state).toBe('shutdown-ack-sent')
    peer.wait(200)
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
  })

  test('sends no HEARTBEATs any more, RFC 9260 §8.3', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: 100 } }).connect()
    peer.association.shutdown(peer.now)
    peer.wait(20_000)
    expect(new Set(peer.types())).toEqual(new Set([ChunkType.shutdown]))
  })

  test('of a peer that is gone times out', () => {
    const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
    peer.association.shutdown(peer.now)
    let shutdowns = 0
    while (peer.association.state !== 'closed') {
      peer.wait(100)
      shutdowns += peer.types().filter((type) => type === ChunkType.shutdown).length
    }
    expect(shutdowns).toBeGreaterThan(5)
    expect(peer.association.nextTimeout).toBe(Infinity)
  })

  test('that acknowledges what was never sent is no shutdown', () => {
    const peer = new ScriptedPeer().connect()
    peer.send({ type: ChunkType.shutdown, cumulativeTsn: Tsn.add(peer.peerTsn, 5) })
    expect([peer.packets(), peer.association.state]).toEqual([[], 'established'])
  })

  test('ACK or COMPLETE out of turn changes nothing', () => {
    const peer = new ScriptedPeer().connect()
    peer.send({ type: ChunkType.shutdownAck })
    peer.send({ type: ChunkType.shutdownComplete, tagReflected: false })
    expect([peer.packets(), peer.association.state]).toEqual([[], 'established'])
    expect(peer.association.discarded.get('unexpected-chunk')).toBe(2)
  })
})

describe('an abort, RFC 9260 §9.1', () => {
  test('tells the peer why', () => {
    const pair = new Pair().connect()
    pair.a.association.send(pair.now, 0, 51, pattern(60_000))
    pair.a.association.abort(pair.now, 'no more')
    expect(pair.a.closed).toEqual([{ code: 'aborted', message: 'no more' }])
    expect(pair.a.association.nextTimeout).toBe(Infinity)
    pair.runUntil(() => pair.b.closed.length === 1)
    expect(pair.b.closed).toEqual([
      {
        code: 'aborted-by-peer',
        cause: CauseCode.userInitiatedAbort,
        message: 'the peer aborted: user initiated abort (no more)',
      },
    ])
  })

  test('happens once', () => {
    const pair = new Pair().connect()
    pair.a.association.abort(pair.now)
    pair.a.association.abort(pair.now)
    pair.a.association.shutdown(pair.now)
    expect(pair.a.closed).toHaveLength(1)
    expect(() => pair.a.association.send(pair.now, 0, 51, text('x'))).toThrow(code('closed'))
    expect(() => pair.a.association.resetStreams(pair.now, [0])).toThrow(code('closed'))
  })

  test('that was lost is repeated when the peer goes on', () => {
    const pair = new Pair().connect()
    pair.toB.intercept(() => 'drop')
    pair.a.association.abort(pair.now)
    pair.toB.intercept(null)
    pair.b.association.send(pair.now, 0, 51, text('still there?'))
    pair.runUntil(() => pair.b.closed.length === 1)
    expect(pair.b.closed).toMatchObject([{ code: 'aborted-by-peer' }])
  })

  test('inside a callback stops everything at once', () => {
    const pair = new Pair({
      b: { onReceived: (end, now) => end.association.abort(now, 'enough') },
    }).connect()
    pair.a.association.batch(pair.now, () => {
      for (let i = 0; i < 5; i++) pair.a.association.send(pair.now, 0, 51, text(`${i}`))
    })
    pair.runUntil(() => pair.a.closed.length === 1)
    expect(pair.b.texts(0)).toEqual(['0'])
    expect(pair.b.closed).toHaveLength(1)
  })
})

describe('after the end', () => {
  const ended = (): ScriptedPeer => {
    const peer = new ScriptedPeer().connect()
    peer.association.abort(peer.now)
    peer.packets()
    return peer
  }

  test('DATA is answered with an ABORT under its own tag', () => {
    const peer = ended()
    peer.send(peer.data(0))
    expect(peer.packets()).toMatchObject([
      { verificationTag: peer.peerTag, chunks: [{ type: ChunkType.abort, tagReflected: true }] },
    ])
  })

  test('SHUTDOWN ACK is answered with SHUTDOWN COMPLETE', () => {
    const peer = ended()
    peer.send({ type: ChunkType.shutdownAck })
    expect(peer.packets()).toMatchObject([
      { verificationTag: peer.peerTag, chunks: [{ type: ChunkType.shutdownComplete, tagReflected: true }] },
    ])
  })

  test('INIT is refused', () => {
    const peer = ended()
    peer.sendWithTag(0, peer.init())
    expect(peer.packets()).toMatchObject([
      { verificationTag: peer.tag, chunks: [{ type: ChunkType.abort, tagReflected: false }] },
    ])
    expect(peer.association.state).toBe('closed')
  })

  test.each<[string, (peer: ScriptedPeer) => Chunk[]]>([
    ['an ABORT', () => [abort]],
    ['an ABORT behind something else', (peer) => [peer.sack(-1), abort]],
    ['a SHUTDOWN ACK before an ABORT', () => [{ type: ChunkType.shutdownAck }, abort]],
    ['SHUTDOWN COMPLETE', () => [{ type: ChunkType.shutdownComplete, tagReflected: false }]],
    ['COOKIE ACK', (peer) => [{ type: ChunkType.cookieAck }, peer.data(0)]],
    [
      'an ERROR about a cookie',
      () => [{ type: ChunkType.error, causes: [{ type: 3, value: new Uint8Array(4) }] }],
    ],
  ])('%s is not answered, RFC 9260 §8.4', (_name, chunks) => {
    const peer = ended()
    peer.send(...chunks(peer))
    expect(peer.packets()).toEqual([])
  })
})
