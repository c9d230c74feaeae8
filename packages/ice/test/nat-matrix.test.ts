import { describe, expect, test } from '@jest/globals'

import { isLossy, needsRelay, runCell, siteKinds } from './support/nat-matrix.ts'

/**
 * The matrix of the NAT laboratory in virtual time: other latencies, ports, losses and orders of arrival with each seed.
 * `NAT_MATRIX_SEEDS` chooses how many.
 */
const seeds = Number(process.env['NAT_MATRIX_SEEDS'] ?? 6)

describe.each(siteKinds)('%s', (first) => {
  test.each(siteKinds)('to %s', (second) => {
    const failed: object[] = []
    const times: number[] = []
    for (let seed = 1; seed <= seeds; seed++) {
      const outcome = runCell([first, second], seed)
      times.push(outcome.took)
      // Where datagrams are lost, a direct pair may be found too late.
      const isExpected =
        outcome.isRelayed === needsRelay(first, second) || (outcome.isRelayed && isLossy(seed))
      if (!outcome.connected || !isExpected) failed.push({ seed, ...outcome })
    }
    expect(failed).toEqual([])
    times.sort((x, y) => x - y)
    expect(times[times.length >> 1]).toBeLessThan(needsRelay(first, second) ? 3_000 : 1_000)
  })
})
