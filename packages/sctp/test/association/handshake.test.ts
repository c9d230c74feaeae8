import { describe, expect, test } from '@jest/globals'

import { equalBytes } from '@purertc/bytes'
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
