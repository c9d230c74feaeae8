import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import { Random, Simulation } from '@purertc/netsim'

import type { Base } from '../src/base.ts'
import { Consent } from '../src/consent.ts'
import { Pair } from '../src/pair.ts'
import { Role } from '../src/role.ts'
import { address } from './support/peer.ts'

const base: Base = {
  address: address('10.0.0.1', 1),
  preference: 65_535,
  isRelay: false,
  tcpType: undefined,
  send: () => {},
  favour: () => {},
}

function following(answers: (check: number) => boolean) {
  const sim = new Simulation({ seed: 1 })
  const candidate = {
    foundation: '1',
    component: 1,
    transport: 'udp',
    priority: 1,
    address: '10.0.0.2',
    port: 2,
    type: 'host',
  } as const
  const pair = new Pair(
    { base, candidate, address: base.address },
    { candidate, address: address('10.0.0.2', 2), learnedFrom: undefined },
    new Role(nodeCrypto, 'controlling'),
  )
  const log: [at: number, what: string][] = []
  const random = new Random(3)
  let checks = 0
  const consent = new Consent({ silence: 7_000 }, () => random.next(), {
    consentCheckDue: (now) => {
      log.push([now, 'check'])
      if (!answers(checks++)) return
      pair.respondedAt = now
      pair.heardAt = now
      consent.heard(now)
    },
    silenceChanged: (now) => log.push([now, pair.isSilent ? 'silent' : 'audible']),
    consentExpired: (now) => log.push([now, 'expired']),
  })
  pair.respondedAt = sim.now
  pair.heardAt = sim.now
  consent.follow(sim.now, pair)
  sim.attach(consent)
  /** The peer asks every `period` milliseconds. */
  const ask = (period: number): void => {
    sim.after(period, (now) => {
      pair.heardAt = now
      consent.heard(now)
      consent.asked(now)
      ask(period)
    })
  }
  return { sim, pair, consent, log, start: sim.now, ask }
}

describe('Consent, RFC 7675', () => {
  test('checks every 4 to 6 s, at random', () => {
    const { sim, log } = following(() => true)
    sim.advance(600_000)
    const gaps = log.slice(1).map(([at], i) => at - log[i]![0])
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(4_000)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(6_000)
    expect(new Set(gaps).size).toBeGreaterThan(6)
    expect(new Set(log.map(([, what]) => what))).toEqual(new Set(['check']))
  })

  test('checks of agents that share a clock wake their process together', () => {
    const { sim, log } = following(() => true)
    sim.advance(600_000)
    expect(log.filter(([at]) => at % 250 !== 0)).toEqual([])
  })

  test('answers put off the look for silence: an idle agent wakes up for its checks alone', () => {
    const { sim, consent, log } = following(() => true)
    for (let wakes = 1; wakes <= 20; wakes++) {
      sim.advance(consent.nextTimeout - sim.now)
      expect(log).toHaveLength(wakes)
    }
  })

  test('silence after 7 s, expiry after 30 s to the millisecond, then nothing', () => {
    const { sim, log, start, consent } = following(() => false)
    sim.advance(100_000)
    expect(log.filter(([, what]) => what !== 'check')).toEqual([
      [start + 7_000, 'silent'],
      [start + 30_000, 'expired'],
    ])
    expect(consent.nextTimeout).toBe(Infinity)
    expect(consent.pair).toBeNull()
  })

  test('one answer in time renews it', () => {
    const { sim, log } = following((check) => check % 12 === 11)
    sim.advance(300_000)
    const changes = log.map(([, what]) => what).filter((what) => what !== 'check')
    expect(changes.length).toBeGreaterThan(10)
    expect(changes.every((what, i) => what === (i % 2 === 0 ? 'silent' : 'audible'))).toBe(true)
  })

  test('a check that nothing follows is sent again after one and after three seconds', () => {
    const { sim, log } = following(() => false)
    sim.advance(27_000)
    const checks = log.filter(([, what]) => what === 'check').map(([at]) => at)
    const gaps = checks.slice(1).map((at, i) => at - checks[i]!)
    expect(gaps.length).toBeGreaterThan(9)
    for (const [i, gap] of gaps.entries())
      if (i % 3 < 2) expect(gap).toBe([1_000, 2_000][i % 3])
      else expect(gap).toBeLessThanOrEqual(3_000)
  })

  test('one that is answered is not', () => {
    const { sim, log } = following((check) => check % 2 === 1)
    sim.advance(60_000)
    const checks = log.filter(([, what]) => what === 'check').map(([at]) => at)
    const gaps = checks.slice(1).map((at, i) => at - checks[i]!)
    for (const [i, gap] of gaps.entries())
      if (i % 2 === 0) expect(gap).toBe(1_000)
      else expect(gap).toBeGreaterThanOrEqual(3_000)
  })

  test('while data is sent, only answers count: what else the peer sends is no consent', () => {
    const { sim, pair, consent, log } = following((check) => check >= 7)
    const exchange = (now: Millis): void => {
      consent.sending(now)
      pair.heardAt = now
      sim.after(100, exchange)
    }
    exchange(sim.now)
    sim.advance(18_000)
    // Three for each check of the first 18 s: more would come if what else the peer sends were an answer, or fewer.
    expect(log.length).toBeGreaterThanOrEqual(8)
    expect(log.length).toBeLessThanOrEqual(12)
    expect(pair.respondedAt).toBeGreaterThan(sim.now - 6_000)
  })

  test("while nothing is sent, the peer asks in this end's place, for 12 s", () => {
    const { sim, log, start, ask } = following(() => true)
    ask(2_500)
    sim.advance(120_000)
    const checks = [start, ...log.filter(([, what]) => what === 'check').map(([at]) => at)]
    const gaps = checks.slice(1).map((at, i) => at - checks[i]!)
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(12_000)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(18_000)
  })

  test('a check that was put off is due as soon as data is sent', () => {
    const { sim, consent, log, ask } = following(() => true)
    ask(2_500)
    sim.advance(11_000)
    expect(log).toEqual([])
    consent.sending(sim.now)
    expect(consent.nextTimeout).toBe(sim.now)
    sim.advance(20_000)
    consent.sending(sim.now)
    expect(log.length).toBeGreaterThan(1)
  })

  test('whoever sends data is asked by nobody else', () => {
    const { sim, consent, log, ask } = following(() => true)
    ask(2_500)
    const send = (now: Millis): void => {
      consent.sending(now)
      sim.after(100, send)
    }
    send(sim.now)
    sim.advance(60_000)
    expect(log.length).toBeGreaterThanOrEqual(10)
  })

  test("the peer's questions are consent for 12 s, and none for data", () => {
    for (const sends of [false, true]) {
      const { sim, consent, log, start, ask } = following(() => false)
      ask(2_500)
      sim.advance(9_000)
      const send = (now: Millis): void => {
        consent.sending(now)
        sim.after(100, send)
      }
      if (sends) send(sim.now)
      sim.advance(40_000)
      const [expiredAt] = log.find(([, what]) => what === 'expired') ?? [0]
      expect(expiredAt - start).toBe(sends ? 30_000 : 40_000)
    }
  })

  test('data moves the silence on without any timer', () => {
    const { sim, pair, consent, log, start } = following(() => false)
    const tick = (now: Millis): void => {
      pair.heardAt = now
      consent.heard(now)
      sim.after(100, tick)
    }
    tick(sim.now)
    sim.advance(29_000)
    expect(log.some(([, what]) => what === 'silent')).toBe(false)
    sim.advance(2_000)
    expect(log.at(-1)).toEqual([start + 30_000, 'expired'])
  })

  test('freshness of a pair that is not followed', () => {
    const { consent, pair, start } = following(() => true)
    expect(consent.isFresh(Millis(start + 29_999), pair)).toBe(true)
    expect(consent.isFresh(Millis(start + 30_000), pair)).toBe(false)
  })
})
