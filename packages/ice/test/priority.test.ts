import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { candidatePriority, pairPriority } from '../src/index.ts'
import {
  distinctPriority,
  localPreference,
  relayPriority,
  tcpLocalPreference,
  tcpPriority,
} from '../src/priority.ts'

describe('priorities', () => {
  test('of candidates, RFC 8445 §5.1.2.1 and the values that everybody sends', () => {
    expect(candidatePriority('host', 65_535)).toBe(2_130_706_431)
    expect(candidatePriority('prflx', 65_535)).toBe(1_862_270_975)
    expect(candidatePriority('srflx', 65_535)).toBe(1_694_498_815)
    expect(candidatePriority('relay', 65_535)).toBe(16_777_215)
    expect(candidatePriority('host', 65_535)).toBeLessThan(2 ** 31)
  })

  test('of candidates over TCP, RFC 6544 §4.2: three bits of direction, below all of UDP and above relays', () => {
    const hosts = (['active', 'passive', 'so'] as const).map((direction) =>
      tcpPriority('host', tcpLocalPreference(direction, 0)),
    )
    expect(hosts).toEqual([6, 4, 2].map((bits) => 90 * 2 ** 24 + (bits * 2 ** 13 + 8_191) * 2 ** 8 + 255))
    expect(Math.max(...hosts)).toBeLessThan(candidatePriority('srflx', 0))
    expect(tcpPriority('srflx', 0)).toBeGreaterThan(relayPriority('udp', 65_535))
    expect(tcpPriority('prflx', 0)).toBeGreaterThan(tcpPriority('srflx', 65_535))
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
      for (let server = 0; server < 64; server++) seen.add(localPreference(base, server))
    expect(seen.size).toBe(6_400)
    expect(localPreference(0, 63)).toBeGreaterThan(localPreference(1))
    for (const base of [0, 959, 960, 961, 100_000])
      for (const server of [0, 1, 63, 64, 10_000]) {
        expect(localPreference(base, server)).toBeGreaterThan(0)
        expect(localPreference(base, server)).toBeLessThanOrEqual(0xffff)
      }
  })

  test('what they do not tell apart gets the next lower priority of its type that is free', () => {
    const taken = new Set<number>()
    for (let i = 0; i < 4_000; i++) {
      const priority = distinctPriority(candidatePriority('relay', localPreference(100_000)), (one) =>
        taken.has(one),
      )
      expect(priority).toBeGreaterThan(0)
      taken.add(priority)
    }
    expect(taken.size).toBe(4_000)
    expect(distinctPriority(candidatePriority('srflx', 9), () => false)).toBe(candidatePriority('srflx', 9))
  })
})
