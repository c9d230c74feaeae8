import { expect, test } from '@jest/globals'

import { describeCosts, measureCrowd } from './support/crowd.ts'

/**
 * What they cost in time is printed, not asserted: it says as much about the machine. `bench/mux-scale.ts` measures it on a
 * quiet one. `MUX_AGENTS` chooses how many.
 */
const count = Number(process.env['MUX_AGENTS'] ?? 5_000)

test.each(['lite', 'full'] as const)(
  `${count} %s agents live on one port of one process`,
  async (kind) => {
    const options = { count, kind, idle: 5_000 }
    const costs = await measureCrowd(options)
    console.info(describeCosts(options, costs))
    expect(costs.connected).toBe(count)
    // 17 to 20 KiB by themselves; on a machine with other work checks are still under way, and their requests kept.
    expect(costs.memoryConnected).toBeLessThan(24 * 1_024)
  },
  240_000,
)
