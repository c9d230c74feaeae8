import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { Pair, pattern, text } from '../support/association-pair.ts'

/** Messages of several packets, any of which may be the one that is given up. */
describe.each([false, true])(
  'messages of many fragments that may be given up (interleaving: %s)',
  (interleaving) => {
    test.each([
      ['after no repetition', { maxRetransmits: 0 }],
      ['after one', { maxRetransmits: 1 }],
      ['after a while', { lifetime: 300 }],
    ])(
      '%s: each arrives whole and in order, or not at all, and what follows arrives',
      (_name, reliability) => {
        const end = { config: { interleaving } }
        const pair = new Pair({ seed: 4, latency: 20, a: end, b: end }).connect()
        pair.toB.conditions = { latency: 20, loss: 0.1 }
        const count = 60
        for (let i = 0; i < count; i++)
          pair.sim.after(i * 20, (now) => {
            const unordered = i % 3 === 0
            pair.a.association.send(now, i % 2, i, pattern(7_000, i), { ...reliability, unordered })
          })
        pair.run(60_000)
        pair.toB.conditions = { latency: 20 }
        for (const stream of [0, 1])
          pair.a.association.send(pair.now, stream, 1_000 + stream, text('reliable'))
        pair.runUntil(() => pair.b.received.filter(({ protocol }) => protocol >= 1_000).length === 2)
        pair.run(5_000)

        const arrived = pair.b.received.filter(({ protocol }) => protocol < count)
        for (const { protocol, message } of arrived)
          expect(equalBytes(message, pattern(7_000, protocol))).toBe(true)
        for (const stream of [0, 1]) {
          const ordered = arrived.filter((one) => one.stream === stream && one.protocol % 3 !== 0)
          const numbers = ordered.map(({ protocol }) => protocol)
          expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
        }
        const { sent, unsent } = pair.a.association.abandonedMessages()
        expect(arrived.length + sent + unsent).toBeGreaterThanOrEqual(count)
        expect(arrived.length).toBeGreaterThan(count / 10)
        expect(sent).toBeGreaterThan(0)
        expect(pair.b.association.receiveBuffered).toBe(0)
        expect([...pair.a.closed, ...pair.b.closed]).toEqual([])
      },
    )
  },
)
