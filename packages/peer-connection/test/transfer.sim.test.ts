import { describe, expect, test } from '@jest/globals'

import { SimPair } from './support/sim-pair.ts'
import { Transfer } from './support/transfer.ts'

interface Outcome {
  readonly trace: string
  readonly duration: number
  readonly isIntact: boolean
}

/** A file over a network that loses a fifth of all datagrams, and delays, reorders and repeats others. */
function transferOverBadNetwork(seed: number): Outcome {
  const pair = new SimPair({ seed, latency: 15, jitter: 5, loss: 0.2, reorder: 0.1, duplicate: 0.05 })
  expect(pair.connect()).toBe(true)
  const start = pair.sim.now
  const transfer = new Transfer(pair, pair.alice, pair.bob, 262_144)
  expect(pair.sim.run({ until: () => transfer.isComplete, deadline: 3_600_000 })).toBe(true)
  return {
    trace: pair.sim.trace,
    duration: pair.sim.now - start,
    isIntact: transfer.digest === transfer.expectedDigest,
  }
}

describe('a file over 20 % loss, reordering and duplication', () => {
  test.each([1, 2, 3, 4])('arrives intact, and seed %i gives the same run twice', (seed) => {
    const first = transferOverBadNetwork(seed)
    expect(first.isIntact).toBe(true)
    expect(transferOverBadNetwork(seed)).toEqual(first)
  })

  test('another seed gives another run', () => {
    expect(transferOverBadNetwork(5).trace).not.toBe(transferOverBadNetwork(6).trace)
  })
})
