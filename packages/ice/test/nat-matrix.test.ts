import { describe, expect, test } from '@jest/globals'

import { isLossy, needsRelay, runCell, siteKinds } from './support/nat-matrix.ts'

/**
 * The matrix of the NAT laboratory in virtual time: other latencies, ports, losses and orders of arrival with each seed, of
 * which each cell has its own. CI runs as many as `PURERTC_SEEDS` says in all, `NAT_MATRIX_SEEDS` sets how many each cell has.
 */
const cells = siteKinds.length ** 2
const seeds = Number(
  process.env['NAT_MATRIX_SEEDS'] ?? Math.ceil(Number(process.env['PURERTC_SEEDS'] ?? 300) / cells),
)

describe.each([...siteKinds.entries()])('%i, %s', (row, first) => {
  test.each([...siteKinds.entries()])('to %i, %s', (column, second) => {
    const failed: object[] = []
    const times: number[] = []
    const start = (row * siteKinds.length + column) * seeds
    for (let seed = start + 1; seed <= start + seeds; seed++) {
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
