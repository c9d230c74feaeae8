import { describe, expect, test } from '@jest/globals'
import { equalBytes } from '@purertc/bytes'

import { Pair, pattern } from './support/association-pair.ts'

describe('over a bad network', () => {
  test.each([0.01, 0.1, 0.2, 0.3])('1 MiB arrives at a loss of %d', (loss) => {
    const pair = new Pair({
      seed: 3,
      loss,
      reorder: 0.05,
      duplicate: 0.02,
      corrupt: 0.01,
      jitter: 5,
    }).connect()
    for (let i = 0; i < 16; i++) pair.a.association.send(pair.now, 0, 53, pattern(65_536, i))
    pair.runUntil(() => pair.b.received.length === 16, 3_600_000)
    pair.b.received.forEach(({ message }, i) => expect(equalBytes(message, pattern(65_536, i))).toBe(true))
  })
})
