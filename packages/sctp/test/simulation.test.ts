import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { Pair, pattern } from './support/association-pair.ts'
import { fault, play } from './support/scenario.ts'

/** CI runs as many as PURERTC_SEEDS says, up to two thousand. */
const count = Math.min(Number(process.env['PURERTC_SEEDS'] ?? 300), 2_000)
const seeds = Array.from({ length: count }, (_, i) => i + 1)

describe('over any network, whose MTU may change', () => {
  test(`${count} seeds: reliable messages arrive once, whole and in order; others never hold them up`, () => {
    for (const seed of seeds) expect([seed, fault(seed, play(seed))]).toEqual([seed, null])
  }, 600_000)

  test('the same seed gives the same trace, another seed another', () => {
    for (const seed of [1, 7, 100]) expect(play(seed).sim.trace).toBe(play(seed).sim.trace)
    expect(play(1).sim.trace).not.toBe(play(2).sim.trace)
  })
})

test('1 MiB over 20 % loss completes', () => {
  const pair = new Pair({ seed: 5, latency: 20, loss: 0.2, reorder: 0.05, duplicate: 0.02 }).connect()
  for (let i = 0; i < 16; i++) pair.a.association.send(pair.now, 0, 53, pattern(65_536, i))
  pair.runUntil(() => pair.b.received.length === 16)
  pair.b.received.forEach(({ message }, i) => expect(equalBytes(message, pattern(65_536, i))).toBe(true))
})

test('a slow link with a short queue is shared well: little is sent twice', () => {
  const pair = new Pair({ latency: 20, rate: 1_000_000, queue: 60_000 }).connect()
  const start = pair.now
  const message = pattern(65_536)
  for (let i = 0; i < 32; i++) pair.a.association.send(pair.now, 0, 53, message)
  pair.runUntil(() => pair.b.received.length === 32)
  // At 1 MB/s: the link is busy for most of the time, and most of what it carries is new.
  expect(pair.b.receivedBytes / (pair.now - start)).toBeGreaterThan(700)
  expect(pair.toB.sent).toBeLessThan((1.1 * pair.b.receivedBytes) / 1_100)
})

test('a fast clean link is used to the full', () => {
  const pair = new Pair({ latency: 5 }).connect()
  const start = pair.now
  const message = pattern(65_536)
  for (let i = 0; i < 64; i++) pair.a.association.send(pair.now, 0, 53, message)
  pair.runUntil(() => pair.b.received.length === 64)
  // 4 MiB in little more than the round trips of slow start.
  expect(pair.now - start).toBeLessThan(100)
  expect(pair.toB.sent).toBeLessThan(pair.b.receivedBytes / 1_100)
})
