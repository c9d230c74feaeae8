import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { type IceCandidate, parseCandidate } from '../src/index.ts'
import { introduce, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

function pair(conditions = { latency: 20 }) {
  const world = new World({ seed: 4, conditions })
  const a = world.peer({ role: 'controlling' })
  const b = world.peer({ role: 'controlled' })
  return { world, a, b }
}

const forged = (i: number, change: Partial<IceCandidate> = {}): IceCandidate => ({
  foundation: `${i}`,
  component: 1,
  transport: 'udp',
  priority: 0xffff_ffff,
  address: `198.51.${i >> 8}.${i & 0xff}`,
  port: 1 + (i % 0xffff),
  type: 'host',
  ...change,
})

describe('forged candidates', () => {
  test('10,000 of the highest priority: bounded, and the genuine one is found all the same', () => {
    const { world, a, b } = pair()
    introduce(world.sim, a, b, 200)
    a.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    for (let i = 1; i <= 10_000; i++) a.agent.addRemoteCandidate(world.sim.now, forged(i))
    expect(a.agent.pairs).toHaveLength(100)
    expect(a.agent.discarded.snapshot()).toEqual({ 'too-many-candidates': 9_800, 'too-many-pairs': 100 })
    expect(world.run(() => isConnected(a, b), 30_000)).toBe(true)
    expect(b.agent.selectedPair?.remote.address).toBe(a.sockets[0]!.local.address)
  })

  test('the same candidate 10,000 times is one pair', () => {
    const { world, a } = pair()
    a.gather()
    for (let i = 0; i < 10_000; i++) a.agent.addRemoteCandidate(world.sim.now, forged(1))
    expect(a.agent.pairs).toHaveLength(1)
  })

  test('checks to forged addresses are paced and few', () => {
    const { world, a, b } = pair()
    a.gather()
    a.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    for (let i = 1; i <= 100; i++) a.agent.addRemoteCandidate(world.sim.now, forged(i))
    world.sim.advance(1_000)
    // Four at once, then one transaction each 50 ms, and the first retransmissions.
    expect(a.agent.stats.requestsSent).toBeLessThanOrEqual(30)
    world.sim.advance(60_000)
    expect(a.agent.state).toBe('failed')
    expect(a.agent.stats.requestsSent).toBeLessThanOrEqual(100 * 6)
    expect(a.agent.nextTimeout).toBe(Infinity)
  })

  test('any candidate that parses can be added, in any state, without harm', () => {
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.constantFrom(
        '0.0.0.0',
        '::',
        'ff02::1',
        '127.0.0.1',
        'a.local',
        '255.255.255.255',
        '::ffff:1.2.3.4',
      ),
    )
    const line = fc
      .tuple(
        fc.integer({ min: 1, max: 0xffff_ffff }),
        address,
        fc.nat(0xffff),
        fc.constantFrom('host', 'srflx', 'prflx', 'relay'),
      )
      .map(([priority, ip, port, type]) => `candidate:f 1 udp ${priority} ${ip} ${port} typ ${type}`)
    fc.assert(
      fc.property(fc.array(line, { maxLength: 20 }), (lines) => {
        const { world, a, b } = pair()
        for (const text of lines) a.agent.addRemoteCandidate(world.sim.now, parseCandidate(text))
        introduce(world.sim, a, b, 10)
        for (const text of lines) a.agent.addRemoteCandidate(world.sim.now, parseCandidate(text))
        expect(world.run(() => isConnected(a, b), 30_000)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })
})
