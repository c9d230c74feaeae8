import { describe, expect, test } from '@jest/globals'
import { generateCredentials } from '@purertc/ice'
import { nodeCrypto } from '@purertc/crypto/node'

import { World } from '../../ice/test/support/world.ts'
import { connectEnds, introduceEnds, RecoveryEnd, stream } from './support/recovery-world.ts'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** Whatever happened to the path: all bytes are there, once and in order. */
function expectAll(a: RecoveryEnd, b: RecoveryEnd): void {
  expect(a.received).toEqual(upTo(b.sent))
  expect(b.received).toEqual(upTo(a.sent))
}

describe('the nominated path is cut', () => {
  test('an interface goes down: another pair takes over, and no byte is lost', () => {
    const world = new World()
    const wlan = world.network.host('198.51.102.1')
    const lte = world.network.host('198.51.102.2')
    const a = new RecoveryEnd(world, 0, { hosts: [wlan, lte] })
    const b = new RecoveryEnd(world, 1, { hosts: [world.network.host('198.51.102.3')] })
    connectEnds(world, a, b)
    expect(a.route).toBe('198.51.102.1')
    wlan.up = false
    expect(stream(world, [a, b], 12_000)).toBe(true)
    expectAll(a, b)
    expect(a.route).toBe('198.51.102.2')
    // Who notices first saves the other the alarm.
    expect([...a.states, ...b.states]).toContain('disconnected')
    for (const { state } of [a, b]) expect(['connected', 'completed']).toContain(state)
    expect([...a.states, ...b.states]).not.toContain('failed')
  })

  test('the socket goes with its interface: at once', () => {
    const world = new World()
    const wlan = world.network.host('198.51.102.1')
    const a = new RecoveryEnd(world, 0, { hosts: [wlan, world.network.host('198.51.102.2')] })
    const b = new RecoveryEnd(world, 1, { hosts: [world.network.host('198.51.102.3')] })
    connectEnds(world, a, b)
    wlan.up = false
    const { now } = world.sim
    a.transport.withIce(now, (ice) => ice.removeSocket(now, 0))
    expect(stream(world, [a, b], 1_000)).toBe(true)
    expectAll(a, b)
    expect(a.route).toBe('198.51.102.2')
  })

  test.each(['port-restricted', 'symmetric', 'full-cone'] as const)(
    'a %s NAT forgets its mappings: the peer learns the new one, and no byte is lost',
    (kind) => {
      const world = new World()
      const nat = world.nat(kind)
      const a = new RecoveryEnd(world, 0, {
        hosts: [world.network.host('10.0.0.2', { nat })],
        servers: [world.servers.stun],
      })
      const b = new RecoveryEnd(world, 1, { hosts: [world.network.host('198.51.102.3')] })
      connectEnds(world, a, b)
      nat.restart()
      expect(stream(world, [a, b], 15_000)).toBe(true)
      expectAll(a, b)
      expect([...a.states, ...b.states]).not.toContain('failed')
      expect(['connected', 'completed']).toContain(b.state)
    },
  )

  test('the TURN server dies: a restart of ICE finds it again, and no byte is lost', () => {
    const world = new World()
    const nats = [world.nat('symmetric'), world.nat('symmetric')]
    const [a, b] = nats.map(
      (nat, i) =>
        new RecoveryEnd(world, i as 0 | 1, {
          hosts: [world.network.host(`10.0.${i}.2`, { nat })],
          servers: [world.servers.turn],
          policy: 'relay',
        }),
    )
    if (a === undefined || b === undefined) throw new Error('there are two ends')
    connectEnds(world, a, b)
    world.network.intercept(({ from, to }) =>
      from.address === '198.51.100.1' || to.address === '198.51.100.1' ? 'drop' : 'pass',
    )
    a.send()
    b.send()
    world.sim.advance(15_000)
    expect([a.state, b.state]).toEqual(['disconnected', 'disconnected'])
    // It was restarted: nothing that it knew is left.
    world.restartTurn()
    world.network.intercept(null)
    const { now } = world.sim
    for (const end of [a, b]) end.transport.restart(now, generateCredentials(nodeCrypto))
    introduceEnds(a, b)
    expect(stream(world, [a, b], 15_000)).toBe(true)
    expectAll(a, b)
    expect(['connected', 'completed']).toContain(a.state)
  })
})

test('a restart of ICE while data flows: no byte is lost, and none waits', () => {
  const world = new World()
  const a = new RecoveryEnd(world, 0, { hosts: [world.network.host('198.51.102.1')] })
  const b = new RecoveryEnd(world, 1, { hosts: [world.network.host('198.51.102.3')] })
  connectEnds(world, a, b)
  expect(stream(world, [a, b], 200)).toBe(true)
  const { now } = world.sim
  for (const end of [a, b]) end.transport.restart(now, generateCredentials(nodeCrypto))
  introduceEnds(a, b)
  const start = world.sim.now
  expect(stream(world, [a, b], 1_000)).toBe(true)
  expect(world.sim.now - start).toBeLessThan(1_200)
  expectAll(a, b)
})
