import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import type { IceCandidate } from '../src/index.ts'
import { isCompleted, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

function pair(seed = 1) {
  const world = new World({ seed })
  const a = world.peer({ role: 'controlling', uses: 'both', nat: 'port-restricted' })
  const b = world.peer({ role: 'controlled', uses: 'both', nat: 'port-restricted' })
  a.gather()
  b.gather()
  world.run(() => a.agent.gatheringState === 'complete' && b.agent.gatheringState === 'complete')
  return { world, a, b }
}

describe('trickle, RFC 8838', () => {
  test('credentials and candidates may come in any order, at any time', () => {
    const steps = ['a.credentials', 'b.credentials', 'a.0', 'a.1', 'a.2', 'b.0', 'b.1', 'b.2']
    const schedule = fc.tuple(
      fc.shuffledSubarray(steps, { minLength: steps.length }),
      fc.array(fc.integer({ min: 0, max: 80 }), { minLength: steps.length, maxLength: steps.length }),
    )
    fc.assert(
      fc.property(schedule, fc.integer({ min: 0, max: 1_000 }), ([order, pauses], seed) => {
        const { world, a, b } = pair(seed)
        for (const [i, step] of order.entries()) {
          const [name, what] = step.split('.') as [string, string]
          const [to, from] = name === 'a' ? [a, b] : [b, a]
          if (what === 'credentials')
            to.agent.setRemoteCredentials(world.sim.now, from.agent.localCredentials)
          else to.agent.addRemoteCandidate(world.sim.now, from.agent.localCandidates[Number(what)]!)
          world.sim.advance(pauses[i]!)
        }
        for (const { agent } of [a, b]) agent.addRemoteCandidate(world.sim.now, null)
        expect(world.run(() => isConnected(a, b))).toBe(true)
        expect([a.local, a.remote]).toEqual(['srflx', 'srflx'])
      }),
      { numRuns: 60 },
    )
  })

  test('one side’s candidates are enough: the other learns by checks', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling' })
    const b = world.peer({ role: 'controlled', nat: 'symmetric' })
    a.gather()
    b.gather()
    a.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    b.agent.setRemoteCredentials(world.sim.now, a.agent.localCredentials)
    b.agent.addRemoteCandidate(world.sim.now, a.agent.localCandidates[0]!)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect([a.remote, b.local]).toEqual(['prflx', 'prflx'])
  })

  test('half trickle: an offer has all of its candidates, the answer’s come one by one (RFC 8838 §16)', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'both', nat: 'port-restricted' })
    const b = world.peer({ role: 'controlled', uses: 'both', nat: 'port-restricted' })
    a.gather()
    expect(world.run(() => a.agent.gatheringState === 'complete')).toBe(true)
    const { now } = world.sim
    for (const candidate of a.candidates) b.agent.addRemoteCandidate(now, candidate)
    b.agent.setRemoteCredentials(now, a.agent.localCredentials)
    a.agent.setRemoteCredentials(now, b.agent.localCredentials)
    b.signal = (candidate) => world.sim.after(30, (at) => a.agent.addRemoteCandidate(at, candidate))
    b.gather()
    expect(world.run(() => isCompleted(a, b))).toBe(true)
    expect([a.local, a.remote]).toEqual(['srflx', 'srflx'])
    expect([a, b].map(({ candidates }) => candidates.filter((candidate) => candidate === null))).toEqual([
      [null],
      [null],
    ])
  })

  test('the end of candidates lets an agent nominate a relay at once, and be complete', () => {
    const took = [true, false].map((isTold) => {
      const world = new World()
      const options = { uses: 'turn', policy: 'relay' } as const
      const a = world.peer({ role: 'controlling', ...options })
      const b = world.peer({ role: 'controlled', ...options })
      for (const peer of [a, b]) peer.gather()
      world.sim.advance(1_000)
      const start = world.sim.now
      for (const [to, from] of [
        [a, b],
        [b, a],
      ] as const) {
        to.agent.setRemoteCredentials(start, from.agent.localCredentials)
        to.agent.addRemoteCandidate(start, from.agent.localCandidates[0]!)
        if (isTold) to.agent.addRemoteCandidate(start, null)
      }
      expect(world.run(() => isConnected(a, b))).toBe(true)
      const elapsed = world.sim.now - start
      world.sim.advance(20_000)
      const state = isTold ? 'completed' : 'connected'
      expect([a.agent.state, b.agent.state]).toEqual([state, state])
      return elapsed
    })
    expect(took[0]).toBeLessThan(500)
    expect(took[1]).toBeGreaterThan(1_500)
  })

  test('checks that come before the peer’s credentials are answered, and returned once they are known', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling' })
    const b = world.peer({ role: 'controlled' })
    a.gather()
    b.gather()
    a.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    for (const candidate of b.agent.localCandidates) a.agent.addRemoteCandidate(world.sim.now, candidate)
    for (const candidate of a.agent.localCandidates) b.agent.addRemoteCandidate(world.sim.now, candidate)
    world.sim.advance(1_000)
    expect(b.agent.stats.responsesSent).toBeGreaterThan(0)
    expect(b.agent.stats.requestsSent).toBe(0)
    b.agent.setRemoteCredentials(world.sim.now, a.agent.localCredentials)
    expect(world.run(() => isConnected(a, b), 1_000)).toBe(true)
  })

  test('a candidate that signalling tells after a check revealed it gets its true type and priority', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling' })
    const b = world.peer({ role: 'controlled' })
    a.gather()
    b.gather()
    b.agent.setRemoteCredentials(world.sim.now, a.agent.localCredentials)
    b.agent.addRemoteCandidate(world.sim.now, a.agent.localCandidates[0]!)
    world.sim.advance(100)
    expect(a.agent.pairs.map(({ remote }) => remote.type)).toEqual(['prflx'])
    const before = a.agent.pairs[0]!.priority
    a.agent.addRemoteCandidate(world.sim.now, b.agent.localCandidates[0]!)
    expect(a.agent.pairs.map(({ remote }) => remote.type)).toEqual(['host'])
    expect(a.agent.pairs[0]!.priority).toBeGreaterThan(before)
    expect(a.agent.pairs[0]!.priority).toBe(b.agent.pairs[0]!.priority)
  })

  test.each([
    [undefined, 50],
    [200, 200],
  ])('a peer that wishes for a Ta of %s ms is checked every %i ms (RFC 8445 §14.2)', (pacing, expected) => {
    const world = new World()
    const a = world.peer({ role: 'controlling', pacing: 20 })
    a.gather()
    const times: number[] = []
    world.network.intercept(({ to }) => {
      times.push(world.sim.now)
      return to.address.startsWith('198.51.120.') ? 'drop' : 'pass'
    })
    for (let i = 1; i <= 12; i++)
      a.agent.addRemoteCandidate(world.sim.now, {
        ...a.agent.localCandidates[0]!,
        ...{ foundation: `${i}`, address: `198.51.120.${i}`, usernameFragment: 'peer' },
      })
    const credentials = { usernameFragment: 'peer', password: 'p'.repeat(22) }
    a.agent.setRemoteCredentials(world.sim.now, credentials, pacing === undefined ? {} : { pacing })
    world.sim.advance(499)
    const gaps = times.slice(1).map((time, i) => time - times[i]!)
    // The first five may follow each other as fast as an agent may be at all.
    expect(gaps.slice(0, 4)).toEqual([5, 5, 5, 5])
    expect(new Set(gaps.slice(4))).toEqual(new Set([expected]))
  })

  test('early checks of somebody with other credentials than the peer’s are forgotten', () => {
    const world = new World()
    const b = world.peer({ role: 'controlled' })
    const stranger = world.peer({ role: 'controlling' })
    for (const peer of [b, stranger]) peer.gather()
    stranger.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    stranger.agent.addRemoteCandidate(world.sim.now, b.agent.localCandidates[0]!)
    world.sim.advance(100)
    expect(b.agent.pairs).toHaveLength(1)
    b.agent.setRemoteCredentials(world.sim.now, {
      usernameFragment: 'someoneElse',
      password: 'x'.repeat(24),
    })
    expect(b.agent.pairs).toHaveLength(0)
    world.sim.advance(2_000)
    expect(b.agent.pairs).toHaveLength(0)
  })

  test('candidates of another session, of a name and of no use are counted and left alone', () => {
    const { world, a, b } = pair()
    a.agent.setRemoteCredentials(world.sim.now, b.agent.localCredentials)
    const base: IceCandidate = {
      ...b.agent.localCandidates[0]!,
      usernameFragment: b.agent.localCredentials.usernameFragment,
    }
    for (const change of [
      { usernameFragment: 'old1' },
      { address: '5f3c2f1e-0f0c-4d5e-9d7b-6a2b3c4d5e6f.local' },
      { address: '0.0.0.0' },
      { address: '255.255.255.255' },
      { address: '239.1.2.3' },
      { address: 'ff02::1' },
      { address: '::' },
      { address: '::ffff:198.51.100.9' },
      { port: 0 },
    ])
      a.agent.addRemoteCandidate(world.sim.now, { ...base, ...change })
    expect(a.agent.pairs).toHaveLength(0)
    expect(a.agent.discarded.snapshot()).toEqual({
      'stale-candidate': 1,
      'unresolved-candidate': 1,
      'unusable-candidate': 7,
    })
  })
})
