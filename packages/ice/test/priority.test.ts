import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { candidatePriority, pairPriority } from '../src/index.ts'
import { localPreference } from '../src/priority.ts'

describe('priorities', () => {
  test('of candidates, RFC 8445 §5.1.2.1 and the values that everybody sends', () => {
    expect(candidatePriority('host', 65_535)).toBe(2_130_706_431)
    expect(candidatePriority('prflx', 65_535)).toBe(1_862_270_975)
    expect(candidatePriority('srflx', 65_535)).toBe(1_694_498_815)
    expect(candidatePriority('relay', 65_535)).toBe(16_777_215)
    expect(candidatePriority('host', 65_535)).toBeLessThan(2 ** 31)
  })

  test('of pairs, RFC 8445 §6.1.2.3: 2^32 MIN + 2 MAX + (G > D)', () => {
    expect(pairPriority(2_130_706_431, 1_694_498_815)).toBe(
      2n ** 32n * 1_694_498_815n + 2n * 2_130_706_431n + 1n,
    )
    expect(pairPriority(1, 1)).toBe(2n ** 32n + 2n)
  })

  test('of pairs: the same seen from both ends, ordered by the worse candidate', () => {
    const priority = fc.integer({ min: 1, max: 0x7fff_ffff })
    fc.assert(
      fc.property(priority, priority, priority, priority, (g1, d1, g2, d2) => {
        if (Math.min(g1, d1) > Math.min(g2, d2))
          expect(pairPriority(g1, d1)).toBeGreaterThan(pairPriority(g2, d2))
        if (g1 !== d1) expect(pairPriority(g1, d1)).not.toBe(pairPriority(d1, g1))
      }),
    )
  })

  test('local preferences differ for every base and server, and never leave 16 bits', () => {
    const seen = new Set<number>()
    for (let base = 0; base < 100; base++)
      for (let server = 0; server < 8; server++) seen.add(localPreference(base, server))
    expect(seen.size).toBe(800)
    for (const base of [0, 8_190, 8_191, 8_192, 100_000])
      for (let server = 0; server < 8; server++) {
        expect(localPreference(base, server)).toBeGreaterThanOrEqual(0)
        expect(localPreference(base, server)).toBeLessThanOrEqual(0xffff)
      }
  })
})
