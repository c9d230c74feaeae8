import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'
import { Random } from '@purertc/netsim'

import type { Discard } from '../src/index.ts'
import { type End, Pair, pattern } from './support/association-pair.ts'
import { Mutator } from './support/mutator.ts'

/** Lets each mutator see what goes to its victim. */
function watch(pair: Pair, random: Random): { victim: End; mutator: Mutator }[] {
  return (['toA', 'toB'] as const).map((link) => {
    const mutator = new Mutator(random)
    pair[link].intercept((_index, bytes) => {
      mutator.learn(bytes)
      return 'pass'
    })
    return { victim: link === 'toA' ? pair.a : pair.b, mutator }
  })
}

test('10,000 hostile packets with the right tag and checksum do not harm a transfer', () => {
  const random = new Random(11)
  const end = { config: { heartbeatInterval: 20 } }
  const pair = new Pair({ seed: 11, latency: 10, rate: 400_000, queue: 60_000, a: end, b: end })
  const targets = watch(pair, random)
  pair.connect()
  for (let i = 0; i < 16; i++) pair.a.association.send(pair.now, i % 2, 53, pattern(60_000, i))
  let injected = 0
  const inject = (): void => {
    for (const { victim, mutator } of targets) {
      for (let i = 0; i < 4; i++) {
        const packet = mutator.next()
        if (mutator.isLegitimate(packet)) continue
        victim.association.handlePacket(pair.now, packet)
        packet.fill(0xdb)
        injected++
      }
    }
    expect(pair.b.association.receiveBuffered).toBeLessThanOrEqual(4_194_304)
    if (injected < 10_000) pair.sim.after(0.5, inject)
  }
  pair.sim.after(1, inject)
  pair.runUntil(() => pair.b.received.length === 16 && injected >= 10_000)
  for (const stream of [0, 1]) {
    const received = pair.b.received.filter((candidate) => candidate.stream === stream)
    received.forEach(({ message }, i) =>
      expect(equalBytes(message, pattern(60_000, 2 * i + stream))).toBe(true),
    )
    expect(received).toHaveLength(8)
  }
  expect(pair.b.association.receiveBuffered).toBe(0)
  expect([pair.a.closed, pair.b.closed]).toEqual([[], []])
  // They got deep: to the parts behind tag and checksum, each for its own reason.
  const reasons = new Set(
    [pair.a, pair.b].flatMap((end) => Object.keys(end.association.discarded.snapshot())),
  )
  for (const reason of deep) expect(reasons).toContain(reason)
  expect(reasons).not.toContain('bad-checksum')
})

const deep: readonly Discard[] = [
  'malformed-chunk',
  'unknown-chunk',
  'unexpected-chunk',
  'not-alone',
  'bad-cookie',
  'invalid-sack',
  'old-sack',
  'duplicate',
  'beyond-window',
  'invalid-forward-tsn',
  'unknown-heartbeat',
  'reported-error',
]

test('hostile packets of every kind end an association properly, or not at all', () => {
  const endings = new Map<string, number>()
  for (let seed = 1; seed <= 150; seed++) {
    const random = new Random(seed)
    const pair = new Pair({ seed, latency: 5, loss: 0.02 })
    const targets = watch(pair, random)
    pair.a.association.connect(pair.now)
    pair.b.association.connect(pair.now)
    pair.a.association.send(pair.now, 0, 53, pattern(40_000))
    pair.b.association.send(pair.now, 0, 53, pattern(40_000), { maxRetransmits: 0 })
    for (let round = 0; round < 30; round++) {
      pair.run(3)
      for (const { victim, mutator } of targets) victim.association.handlePacket(pair.now, mutator.next())
      if (round === 10 && pair.a.association.state === 'established')
        pair.a.association.resetStreams(pair.now, [0])
    }
    pair.run(300_000)
    for (const { association, closed } of [pair.a, pair.b]) {
      const isClosed = association.state === 'closed'
      expect([seed, closed.length]).toEqual([seed, isClosed ? 1 : 0])
      if (isClosed) expect(association.nextTimeout).toBe(Infinity)
      expect(association.receiveBuffered).toBeLessThanOrEqual(4_194_304)
      const ending = closed[0]?.code ?? 'open'
      endings.set(ending, (endings.get(ending) ?? 0) + 1)
    }
  }
  // Both happen: what is fatal ends an association, what is not does not.
  expect(endings.get('open')).toBeGreaterThan(10)
  expect(endings.get('aborted-by-peer')).toBeGreaterThan(10)
})

describe('10,000 packets of pure noise', () => {
  test.each(['new', 'established', 'closed'] as const)('in state %s', (state) => {
    const random = new Random(5)
    const pair = new Pair()
    if (state !== 'new') pair.connect()
    if (state === 'closed') pair.a.association.abort(pair.now)
    for (let i = 0; i < 10_000; i++) {
      const noise = new Uint8Array(random.int(100))
      random.fill(noise)
      pair.a.association.handlePacket(pair.now, noise)
    }
    expect(pair.a.association.state).toBe(state)
    expect(pair.a.association.discarded.total).toBe(10_000)
  })
})
