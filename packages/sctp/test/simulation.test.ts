import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import { type LinkConditions, Random } from '@purertc/netsim'

import { Pair, pattern } from './support/association-pair.ts'

interface Scenario {
  readonly conditions: LinkConditions
  readonly window: number
  readonly messages: readonly Sent[]
}

interface Sent {
  readonly fromA: boolean
  readonly at: number
  readonly stream: number
  readonly unordered: boolean
  readonly size: number
}

/** A network as bad as the seed makes it, and what is said over it. */
function scenario(seed: number): Scenario {
  const random = new Random(seed)
  const upTo = (limit: number): number => random.next() * limit
  const conditions = {
    latency: 1 + upTo(100),
    jitter: upTo(30),
    loss: upTo(0.3),
    duplicate: upTo(0.2),
    reorder: upTo(0.3),
    corrupt: upTo(0.05),
    ...(random.chance(0.2) ? { rate: 200_000 + upTo(1e6), queue: 30_000 } : {}),
  }
  const messages = Array.from({ length: 16 }, () => ({
    fromA: random.chance(0.7),
    at: upTo(2_000),
    stream: random.int(3),
    unordered: random.chance(0.3),
    size: 1 + (random.chance(0.2) ? random.int(12_000) : random.int(1_500)),
  }))
  return { conditions, window: random.chance(0.2) ? 20_000 : 4_194_304, messages }
}

/** Runs it to the end; the message's number is its protocol identifier. */
function play(seed: number): Pair {
  const { conditions, window, messages } = scenario(seed)
  // The worst of these networks loses half of all round trips: ten losses in a row do happen.
  const config = {
    maxRetransmits: 40,
    maxInitRetransmits: 40,
    rtoMax: 10_000,
    receiveWindow: window,
    maxMessageSize: 16_000,
  }
  const pair = new Pair({ seed, ...conditions, a: { config }, b: { config } })
  messages.forEach(({ fromA, at, stream, unordered, size }, i) =>
    pair.sim.after(at, (now) => {
      const { association } = fromA ? pair.a : pair.b
      association.send(now, stream, i, pattern(size, i), { unordered })
    }),
  )
  pair.sim.after(0, (now) => pair.a.association.connect(now))
  pair.sim.after(seed % 300, (now) => pair.b.association.connect(now))
  pair.runUntil(() => pair.a.received.length + pair.b.received.length === messages.length, 3_600_000)
  pair.run(1_000)
  return pair
}

const seeds = Array.from({ length: 300 }, (_, i) => i + 1)

describe('over any network', () => {
  test('300 seeds: every message arrives once, whole, and in order where it was asked for', () => {
    for (const seed of seeds) {
      const { messages } = scenario(seed)
      const pair = play(seed)
      for (const [end, fromA] of [
        [pair.b, true],
        [pair.a, false],
      ] as const) {
        const numbers = end.received.map(({ protocol }) => protocol)
        const expected = messages.flatMap((message, i) => (message.fromA === fromA ? [i] : []))
        expect([seed, [...numbers].sort((x, y) => x - y)]).toEqual([seed, expected])
        for (const { protocol, message } of end.received)
          expect(equalBytes(message, pattern(messages[protocol]!.size, protocol))).toBe(true)
        for (const stream of [0, 1, 2]) {
          const inOrder = (i: number): boolean => messages[i]!.stream === stream && !messages[i]!.unordered
          const sent = expected.filter(inOrder).sort((x, y) => messages[x]!.at - messages[y]!.at)
          expect([seed, numbers.filter(inOrder)]).toEqual([seed, sent])
        }
        expect(end.association.receiveBuffered).toBe(0)
        expect(end.closed).toEqual([])
      }
    }
  })

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
