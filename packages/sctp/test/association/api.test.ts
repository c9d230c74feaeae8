import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { SctpAssociation, type SctpConfig, SctpError } from '../../src/index.ts'
import { Pair, pattern, text } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

function codeOf(action: () => void): string {
  try {
    action()
  } catch (error) {
    if (error instanceof SctpError) return error.code
    throw error
  }
  return 'nothing'
}

describe('what cannot be sent', () => {
  test.each<[string, string, (pair: Pair) => void]>([
    ['nothing', 'empty-message', ({ a, now }) => a.association.send(now, 0, 51, new Uint8Array(0))],
    ['on stream -1', 'invalid-stream', ({ a, now }) => a.association.send(now, -1, 51, text('x'))],
    ['on stream 65535', 'invalid-stream', ({ a, now }) => a.association.send(now, 65_535, 51, text('x'))],
    ['on stream NaN', 'invalid-stream', ({ a, now }) => a.association.send(now, Number.NaN, 51, text('x'))],
    ['too much', 'message-too-large', ({ a, now }) => a.association.send(now, 0, 51, pattern(65_537))],
  ])('%s: %s', (_name, code, send) => {
    const pair = new Pair().connect()
    expect(codeOf(() => send(pair))).toBe(code)
    pair.run(1_000)
    expect(pair.b.received).toEqual([])
  })

  test('more than the send buffer holds', () => {
    const pair = new Pair({ a: { config: { sendBufferSize: 100_000 } } })
    pair.a.association.send(pair.now, 0, 51, pattern(60_000))
    expect(codeOf(() => pair.a.association.send(pair.now, 1, 51, pattern(60_000)))).toBe('send-buffer-full')
    pair.connect()
    pair.runUntil(() => pair.b.received.length === 1)
    expect(codeOf(() => pair.a.association.send(pair.now, 1, 51, pattern(60_000)))).toBe('nothing')
  })

  test('what the peer said later that it does not take', () => {
    const pair = new Pair().connect()
    pair.a.association.remoteMaxMessageSize = 10
    expect(codeOf(() => pair.a.association.send(pair.now, 0, 51, pattern(11)))).toBe('message-too-large')
    // RFC 8841 §6.1: 0 means any size.
    pair.a.association.remoteMaxMessageSize = 0
    expect(codeOf(() => pair.a.association.send(pair.now, 0, 51, pattern(200_000)))).toBe('nothing')
  })
})

test.each<Partial<SctpConfig>>([
  { mtu: 100 },
  { mtu: 70_000 },
  { sackDelay: 501 },
  { streams: 0 },
  { streams: 65_536 },
  { receiveWindow: 1_000, maxMessageSize: 500 },
  { receiveWindow: 100_000, maxMessageSize: 200_000 },
  { sackFrequency: 0 },
])('%j is no configuration', (config) => {
  expect(
    codeOf(() => {
      new SctpAssociation(
        { crypto: nodeCrypto, ...config },
        {
          transmit() {},
          connected() {},
          received() {},
          bufferedAmountLow() {},
          streamsReset() {},
          resetDone() {},
          restarted() {},
          closed() {},
        },
      )
    }),
  ).toBe('invalid-config')
})

test.each([0, 511, 65_536, Number.NaN])('a packet size of %d is refused at run time too', (size) => {
  const { association } = new Pair().a
  expect(codeOf(() => (association.mtu = size))).toBe('invalid-config')
  expect(association.mtu).toBe(1_160)
})

describe('the buffered amount', () => {
  test('is what has not been sent, and tells when it is low', () => {
    const pair = new Pair().connect()
    pair.a.association.setBufferedAmountLowThreshold(3, 40_000)
    for (let i = 0; i < 4; i++) pair.a.association.send(pair.now, 3, 51, pattern(60_000))
    const buffered = pair.a.association.bufferedAmount(3)
    expect(buffered).toBeGreaterThan(220_000)
    expect(buffered).toBeLessThan(240_000)
    expect(pair.a.low).toEqual([])
    pair.runUntil(() => pair.a.low.length > 0)
    expect(pair.a.association.bufferedAmount(3)).toBeLessThanOrEqual(40_000)
    pair.runUntil(() => pair.b.received.length === 4)
    expect([pair.a.association.bufferedAmount(3), pair.a.low]).toEqual([0, [3]])
  })

  test('can be refilled from the callback', () => {
    const pair = new Pair().connect()
    let sent = 0
    const fill = (): void => {
      while (sent < 50 && pair.a.association.bufferedAmount(0) < 20_000) {
        pair.a.association.send(pair.now, 0, 51, pattern(5_000, sent))
        sent++
      }
    }
    fill()
    pair.runUntil(() => {
      if (pair.a.low.splice(0).length > 0) fill()
      return pair.b.received.length === 50
    })
    expect(sent).toBe(50)
  })
})

describe('a host that calls back', () => {
  test('from received, with an answer', () => {
    const pair: Pair = new Pair({
      b: { onReceived: (end, now, stream, message) => end.association.send(now, stream, 51, message) },
    }).connect()
    for (let i = 0; i < 20; i++) pair.a.association.send(pair.now, i, 51, pattern(3_000, i))
    pair.runUntil(() => pair.a.received.length === 20)
    for (let i = 0; i < 20; i++) expect(equalBytes(pair.a.message(i), pattern(3_000, i))).toBe(true)
  })

  test('from received, with an exception: it comes out, and the association goes on', () => {
    let isFaulty = true
    const peer = new ScriptedPeer({
      onReceived: () => {
        if (isFaulty) throw new Error('the application is at fault')
      },
    }).connect()
    expect(() => peer.send(peer.data(0))).toThrow('the application is at fault')
    isFaulty = false
    peer.send(peer.data(1))
    expect(peer.end.texts(0)).toEqual(['message 0', 'message 1'])
    peer.association.send(peer.now, 0, 51, text('answer'))
    expect(peer.packets().length).toBeGreaterThan(0)
  })

  test('from transmit, with the packet of the other side', () => {
    // Two associations wired straight into one another: every call runs inside the other's transmit.
    const pair = new Pair()
    const { a, b } = pair
    let depth = 0
    const carry =
      (end: typeof a) =>
      (_index: number, bytes: Uint8Array): 'drop' => {
        if (++depth > 100) throw new Error('too deep')
        end.association.handlePacket(pair.now, bytes)
        depth--
        return 'drop'
      }
    pair.toA.intercept(carry(a))
    pair.toB.intercept(carry(b))
    a.association.connect(pair.now)
    b.association.connect(pair.now)
    expect([a.connected, b.connected]).toEqual([1, 1])
    for (let i = 0; i < 10; i++) a.association.send(pair.now, 0, 51, pattern(60_000, i))
    pair.run(1_000)
    expect(b.received).toHaveLength(10)
    b.received.forEach(({ message }, i) => expect(equalBytes(message, pattern(60_000, i))).toBe(true))
  })
})
