import { describe, expect, test } from '@jest/globals'

import { equalBytes } from '@purertc/bytes'
import type { Link } from '@purertc/netsim'

import { ChunkType } from '../../src/wire/chunk-type.ts'
import { commonHeaderLength } from '../../src/wire/packet.ts'
import { Pair, pattern, text } from '../support/association-pair.ts'

/** Where the simulated clock starts. */
const start = 1_000

describe('the four-way handshake', () => {
  test('connects when both ends begin at once', () => {
    const pair = new Pair().connect()
    expect(pair.a.association.state).toBe('established')
    expect(pair.b.association.state).toBe('established')
    expect([pair.a.connected, pair.b.connected]).toEqual([1, 1])
    expect(pair.now).toBe(start + 30)
  })

  test('connects when one end waits', () => {
    const pair = new Pair()
    pair.a.association.connect(pair.now)
    pair.runUntil(() => pair.a.connected === 1)
    expect(pair.b.connected).toBe(1)
    expect(pair.now).toBe(start + 40)
  })

  test('is begun by one end alone where the other has a little patience', () => {
    const pair = new Pair()
    const beginnings = [pair.toA, pair.toB].map(countInits)
    pair.a.association.connect(pair.now)
    pair.b.association.connect(pair.now, 15)
    pair.runUntil(() => pair.a.connected + pair.b.connected === 2)
    expect([pair.now, ...beginnings.map((inits) => inits())]).toEqual([start + 40, 0, 1])
    // Each has measured the round trip: of INIT and its answer, of that answer and COOKIE ECHO.
    expect([pair.a.association.roundTripTime, pair.b.association.roundTripTime]).toEqual([20, 20])
    pair.run(60_000)
    expect(beginnings.map((inits) => inits())).toEqual([0, 1])
  })

  test('is begun by the one with patience where the other waits', () => {
    const pair = new Pair()
    pair.b.association.connect(pair.now, 15)
    pair.runUntil(() => pair.a.connected + pair.b.connected === 2)
    expect(pair.now).toBe(start + 15 + 40)
  })

  test.each(['INIT', 'INIT ACK', 'COOKIE ECHO', 'COOKIE ACK'])(
    'survives the loss of %s where one end has patience',
    (lost) => {
      const pair = new Pair()
      const at = ['INIT', 'INIT ACK', 'COOKIE ECHO', 'COOKIE ACK'].indexOf(lost)
      const [first, link] = [at >> 1, at % 2 === 0 ? pair.toB : pair.toA]
      link.intercept((index) => (index === first ? 'drop' : 'pass'))
      pair.a.association.connect(pair.now)
      pair.b.association.connect(pair.now, 15)
      pair.runUntil(() => pair.a.connected + pair.b.connected === 2)
      expect(pair.now).toBeLessThan(start + 600)
      pair.run(10_000)
      expect([pair.a.connected, pair.b.connected, pair.a.restarted, pair.b.restarted]).toEqual([1, 1, 0, 0])
    },
  )

  test('a cookie that comes back late may have been sent twice, and measures nothing', () => {
    const pair = new Pair({ latency: 250 })
    pair.a.association.connect(pair.now)
    pair.b.association.connect(pair.now, 300)
    pair.runUntil(() => pair.b.connected === 1)
    expect([pair.a.association.roundTripTime, pair.b.association.roundTripTime]).toEqual([500, undefined])
  })

  test('carries messages of every size in both directions', () => {
    const pair = new Pair().connect()
    const sizes = [1, 2, 3, 4, 100, 1_131, 1_132, 1_133, 5_000, 65_536]
    sizes.forEach((size, i) => {
      pair.a.association.send(pair.now, i, 51, pattern(size, i))
      pair.b.association.send(pair.now, i, 53, pattern(size, i + 100))
    })
    pair.runUntil(() => pair.a.received.length === sizes.length && pair.b.received.length === sizes.length)
    sizes.forEach((size, i) => {
      expect(equalBytes(pair.b.message(i), pattern(size, i))).toBe(true)
      expect(equalBytes(pair.a.message(i), pattern(size, i + 100))).toBe(true)
    })
  })

  test('sends what was queued before it stood', () => {
    const pair = new Pair()
    pair.a.association.send(pair.now, 0, 51, text('early'))
    pair.connect()
    pair.runUntil(() => pair.b.received.length === 1)
    expect(pair.b.texts(0)).toEqual(['early'])
  })
})

/** How many INITs have gone over the link. */
function countInits(link: Link): () => number {
  let inits = 0
  link.intercept((_, packet) => {
    if (packet[commonHeaderLength] === ChunkType.init) inits++
    return 'pass'
  })
  return () => inits
}

test.each([0, 1, 2, 3, 4, 5])('the handshake survives the loss of packet %d in each direction', (lost) => {
  const pair = new Pair()
  for (const link of [pair.toA, pair.toB]) link.intercept((index) => (index === lost ? 'drop' : 'pass'))
  pair.connect()
  pair.a.association.send(pair.now, 0, 51, Uint8Array.of(1))
  pair.b.association.send(pair.now, 0, 51, Uint8Array.of(2))
  pair.runUntil(() => pair.a.received.length === 1 && pair.b.received.length === 1)
  expect([pair.a.connected, pair.b.connected, pair.a.restarted, pair.b.restarted]).toEqual([1, 1, 0, 0])
})
