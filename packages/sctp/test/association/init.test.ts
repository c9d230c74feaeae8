import { describe, expect, test } from '@jest/globals'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { CauseCode } from '../../src/wire/error-cause.ts'
import type { InitChunk } from '../../src/wire/init.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

/** An association that has sent its INIT, which the peer has read. */
function waiting(): ScriptedPeer {
  const peer = new ScriptedPeer()
  peer.association.connect(peer.now)
  const [packet] = peer.packets()
  const init = packet?.chunks[0]
  if (packet?.verificationTag !== 0 || packet.chunks.length !== 1 || init?.type !== ChunkType.init)
    throw new Error('an INIT is alone in a packet with tag 0')
  peer.peerTag = init.initiateTag
  peer.peerTsn = init.initialTsn
  return peer
}

const cookie = { type: ParameterType.stateCookie, value: Uint8Array.of(1, 2, 3) }

function initAck(peer: ScriptedPeer, overrides: Partial<InitChunk> = {}): InitChunk {
  return { ...peer.init(overrides), type: ChunkType.initAck, parameters: overrides.parameters ?? [cookie] }
}

describe('an INIT', () => {
  test('offers what this side can', () => {
    const peer = new ScriptedPeer({ config: { streams: 100, receiveWindow: 300_000 } })
    peer.association.connect(peer.now)
    expect(peer.chunks()[0]).toMatchObject({
      receiverWindow: 300_000,
      outboundStreams: 100,
      inboundStreams: 100,
      parameters: [
        { type: ParameterType.forwardTsnSupported },
        { type: ParameterType.supportedExtensions, value: Uint8Array.of(130, 192) },
        { type: ParameterType.largestPacket, value: Uint8Array.of(0, 0, 255, 255) },
      ],
    })
  })

  test('is sent again with twice the wait each time, and given up after eight repetitions', () => {
    const peer = new ScriptedPeer()
    const start = peer.now
    peer.association.connect(peer.now)
    const times: number[] = []
    while (peer.association.state !== 'closed') {
      peer.wait(1)
      if (peer.types().includes(ChunkType.init)) times.push(peer.now - start)
    }
    expect(times.slice(1, 5)).toEqual([500, 1_500, 3_500, 7_500])
    expect(times).toHaveLength(9)
    expect(peer.end.closed.map(({ code }) => code)).toEqual(['no-answer'])
    expect(peer.association.nextTimeout).toBe(Infinity)
  })

  test.each<[string, Partial<InitChunk>]>([
    ['no outbound streams', { outboundStreams: 0 }],
    ['no inbound streams', { inboundStreams: 0 }],
    ['a window of less than 1,500 bytes', { receiverWindow: 1_499 }],
  ])('with %s is answered with an ABORT', (_name, overrides) => {
    const peer = new ScriptedPeer()
    peer.sendWithTag(0, peer.init(overrides))
    expect(peer.packets()).toMatchObject([
      {
        verificationTag: peer.tag,
        chunks: [{ type: ChunkType.abort, causes: [{ type: CauseCode.invalidMandatoryParameter }] }],
      },
    ])
    expect(peer.association.state).toBe('new')
  })

  test.each<[string, (peer: ScriptedPeer) => void]>([
    ['a tag of 0 inside', (peer) => peer.sendWithTag(0, peer.init({ initiateTag: 0 }))],
    ['a tag on its packet', (peer) => peer.sendWithTag(7, peer.init())],
    ['company', (peer) => peer.sendWithTag(0, peer.init(), { type: ChunkType.cookieAck })],
  ])('with %s is dropped', (_name, send) => {
    const peer = new ScriptedPeer()
    send(peer)
    expect(peer.packets()).toEqual([])
  })

  test('that is no good changes nothing of an association that stands', () => {
    for (const overrides of [{ outboundStreams: 0 }, { inboundStreams: 0 }, { receiverWindow: 0 }]) {
      const peer = new ScriptedPeer().connect()
      peer.sendWithTag(0, peer.init(overrides))
      expect(peer.packets()).toMatchObject([
        { verificationTag: peer.tag, chunks: [{ type: ChunkType.abort }] },
      ])
      peer.send(peer.data(0))
      expect(peer.end.texts(0)).toEqual(['message 0'])
    }
  })

  test('with a host name is answered with an ABORT that names it, RFC 9260 §5.1.2', () => {
    const peer = new ScriptedPeer()
    const value = Uint8Array.of(104, 111, 115, 116, 0)
    peer.sendWithTag(0, peer.init({ parameters: [{ type: ParameterType.hostName, value }] }))
    const parameter = Uint8Array.of(0, 11, 0, 9, ...value)
    expect(peer.packets()).toMatchObject([
      {
        verificationTag: peer.tag,
        chunks: [{ causes: [{ type: CauseCode.unresolvableAddress, value: parameter }] }],
      },
    ])
    expect(peer.association.state).toBe('new')
  })

  test('with unknown parameters is answered, and told of those that ask for it', () => {
    const peer = new ScriptedPeer()
    const value = Uint8Array.of(1, 2, 3)
    const unknown = (type: number): { type: number; value: Uint8Array } => ({ type, value })
    // Skip; skip and report; stop and report; never reached.
    const parameters = [0xbfff, 0xffff, 0x7fff, 0xfffe].map(unknown)
    peer.sendWithTag(0, peer.init({ parameters }))
    const [answer] = peer.chunksOf(ChunkType.initAck)
    const reported = answer?.parameters.filter(({ type }) => type === ParameterType.unrecognizedParameter)
    expect(reported?.map((parameter) => [...parameter.value])).toEqual([
      [0xff, 0xff, 0, 7, 1, 2, 3],
      [0x7f, 0xff, 0, 7, 1, 2, 3],
    ])
  })

  test('with addresses is answered: over DTLS they mean nothing', () => {
    const peer = new ScriptedPeer()
    const parameters = [5, 6, 9, 12].map((type) => ({ type, value: new Uint8Array(4) }))
    peer.connect(peer.init({ parameters }))
    expect(peer.association.state).toBe('established')
  })
})

describe('an INIT ACK', () => {
  test('brings the cookie back, and COOKIE ACK ends the handshake', () => {
    const peer = waiting()
    peer.send(initAck(peer))
    expect(peer.packets()).toEqual([
      expect.objectContaining({
        verificationTag: peer.tag,
        chunks: [{ type: ChunkType.cookieEcho, cookie: cookie.value }],
      }),
    ])
    expect(peer.association.state).toBe('cookie-echoed')
    peer.send({ type: ChunkType.cookieAck })
    expect([peer.association.state, peer.end.connected]).toEqual(['established', 1])
  })

  test('without a cookie ends the association', () => {
    const peer = waiting()
    peer.send(initAck(peer, { parameters: [] }))
    expect(peer.chunks()).toMatchObject([
      {
        type: ChunkType.abort,
        causes: [{ type: CauseCode.missingMandatoryParameter, value: Uint8Array.of(0, 0, 0, 1, 0, 7) }],
      },
    ])
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved', cause: 2 }])
  })

  test.each<[string, Partial<InitChunk>]>([
    ['no outbound streams', { outboundStreams: 0 }],
    ['no inbound streams', { inboundStreams: 0 }],
    ['a host name', { parameters: [{ type: ParameterType.hostName, value: Uint8Array.of(0) }, cookie] }],
  ])('with %s is answered with an ABORT, and ends the association', (_name, overrides) => {
    const peer = waiting()
    peer.send(initAck(peer, overrides))
    expect(peer.packets()).toMatchObject([
      { verificationTag: peer.tag, chunks: [{ type: ChunkType.abort, tagReflected: false }] },
    ])
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
    expect(peer.association.nextTimeout).toBe(Infinity)
  })

  test('with a tag of 0 ends it, too; the ABORT reflects our own', () => {
    const peer = waiting()
    peer.send(initAck(peer, { initiateTag: 0 }))
    expect(peer.packets()).toMatchObject([
      { verificationTag: peer.peerTag, chunks: [{ type: ChunkType.abort, tagReflected: true }] },
    ])
    expect(peer.end.closed).toMatchObject([{ code: 'peer-misbehaved' }])
  })

  test('with a window of less than 1,500 bytes is answered with an ABORT, and another is waited for', () => {
    const peer = waiting()
    peer.send(initAck(peer, { receiverWindow: 1_499 }))
    expect(peer.packets()).toMatchObject([{ verificationTag: peer.tag, chunks: [{ type: ChunkType.abort }] }])
    expect(peer.association.state).toBe('cookie-wait')
    peer.wait(500)
    expect(peer.types()).toEqual([ChunkType.init])
    peer.send(initAck(peer))
    expect(peer.association.state).toBe('cookie-echoed')
  })

  test('is told of unknown parameters after the cookie', () => {
    const peer = waiting()
    peer.send(initAck(peer, { parameters: [{ type: 0xffff, value: Uint8Array.of(9) }, cookie] }))
    expect(peer.chunks()).toMatchObject([
      { type: ChunkType.cookieEcho },
      {
        type: ChunkType.error,
        causes: [
          {
            type: CauseCode.unrecognizedParameters,
            value: Uint8Array.of(0xff, 0xff, 0, 5, 9, 0, 0, 0).subarray(0, 5),
          },
        ],
      },
    ])
  })

  test('limits the streams to what the peer takes', () => {
    const peer = waiting()
    peer.send(initAck(peer, { inboundStreams: 4 }))
    peer.send({ type: ChunkType.cookieAck })
    expect(peer.association.outboundStreams).toBe(4)
    expect(() => peer.association.send(peer.now, 4, 51, Uint8Array.of(1))).toThrow(
      expect.objectContaining({ name: 'SctpError', code: 'invalid-stream' }),
    )
  })

  test('that nobody waits for is dropped', () => {
    const peer = new ScriptedPeer().connect()
    peer.send(initAck(peer))
    expect(peer.packets()).toEqual([])
    expect(peer.association.discarded.get('unexpected-chunk')).toBe(1)
  })

  test('measures the first round trip', () => {
    const peer = waiting()
    peer.wait(80)
    peer.send(initAck(peer))
    expect(peer.association.roundTripTime).toBe(80)
  })
})

describe('the cookie', () => {
  test('is sent again until it is acknowledged', () => {
    const peer = waiting()
    peer.send(initAck(peer))
    expect(peer.types()).toEqual([ChunkType.cookieEcho])
    peer.wait(400)
    expect(peer.types()).toEqual([ChunkType.cookieEcho])
    peer.wait(800)
    expect(peer.types()).toEqual([ChunkType.cookieEcho])
  })

  test('that the peer finds stale begins the handshake anew, but not for ever', () => {
    const peer = waiting()
    const stale = {
      type: ChunkType.error,
      causes: [{ type: CauseCode.staleCookie, value: new Uint8Array(4) }],
    } as const
    for (let round = 0; round < 8; round++) {
      peer.send(initAck(peer))
      expect(peer.types()).toEqual([ChunkType.cookieEcho])
      peer.send(stale)
      expect(peer.types()).toEqual([ChunkType.init])
      expect(peer.association.state).toBe('cookie-wait')
    }
    peer.send(initAck(peer))
    peer.send(stale)
    expect(peer.end.closed).toMatchObject([{ code: 'no-answer' }])
  })
})

describe('an ABORT', () => {
  test('refuses our INIT', () => {
    const peer = waiting()
    peer.send({ type: ChunkType.abort, tagReflected: false, causes: [] })
    expect(peer.end.closed).toMatchObject([{ code: 'aborted-by-peer' }])
  })

  test('means nothing before there is an association', () => {
    const peer = new ScriptedPeer()
    peer.fetchCookie()
    peer.send({ type: ChunkType.abort, tagReflected: false, causes: [] })
    expect([peer.association.state, peer.end.closed]).toEqual(['new', []])
  })
})

test('DATA before the association stands is dropped', () => {
  const peer = new ScriptedPeer()
  peer.fetchCookie()
  peer.send(peer.data(0))
  const other = waiting()
  other.send(other.data(0))
  other.send(initAck(other))
  other.send(other.data(0))
  for (const { end } of [peer, other]) {
    expect(end.received).toEqual([])
    expect(end.association.discarded.get('unexpected-chunk')).toBeGreaterThan(0)
  }
})
