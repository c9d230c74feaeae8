import { describe, expect, test } from '@jest/globals'

import { introduce, isConnected, Peer } from './support/peer.ts'
import { World } from './support/world.ts'

function connected(seed = 5) {
  const world = new World({ seed })
  const a = world.peer({ role: 'controlling', uses: 'stun', nat: 'port-restricted' })
  const b = world.peer({ role: 'controlled', uses: 'stun', nat: 'port-restricted' })
  introduce(world.sim, a, b)
  expect(world.run(() => isConnected(a, b))).toBe(true)
  world.sim.advance(1_000)
  return { world, a, b }
}

describe('consent freshness, RFC 7675', () => {
  test('keeps a quiet connection alive for twenty minutes, through NATs that forget in a minute', () => {
    const world = new World({ seed: 2 })
    const nat = (): ReturnType<World['nat']> => world.nat('port-restricted', { mappingLifetime: 60_000 })
    const a = world.peer({ role: 'controlling', uses: 'stun', nat: nat() })
    const b = world.peer({ role: 'controlled', uses: 'stun', nat: nat() })
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    const requests = (): number[] => [a, b].map(({ agent }) => agent.stats.requestsSent)
    const before = requests()
    world.sim.advance(1_200_000)
    const [ofA, ofB] = requests().map((count, i) => count - before[i]!)
    // The ends take turns: one of them asks every 4 to 6 s, and each at least every 18 s.
    expect(ofA! + ofB!).toBeGreaterThan(1_200 / 6)
    expect(ofA! + ofB!).toBeLessThan((1.35 * 1_200) / 5)
    expect(Math.min(ofA!, ofB!)).toBeGreaterThan(1_200 / 18)
    expect([...a.states, ...b.states]).not.toContain('disconnected')
    a.send('still there')
    world.sim.advance(100)
    expect(b.received).toEqual(['still there'])
  })

  test('a cut path: disconnected within 7 s, failed after 30 s, and nothing sent any more', () => {
    const { world, a, b } = connected()
    const cut = world.sim.now
    world.network.intercept(() => 'drop')
    expect(world.run(() => a.agent.state === 'disconnected', 20_000)).toBe(true)
    expect(world.sim.now - cut).toBeGreaterThan(1_000)
    expect(world.sim.now - cut).toBeLessThanOrEqual(7_000)
    expect(a.send('into the void')).toBe(true)
    expect(world.run(() => a.agent.state === 'failed' && b.agent.state === 'failed', 60_000)).toBe(true)
    expect(world.sim.now - cut).toBeLessThanOrEqual(36_000)
    expect(a.failures).toContain('consent-expired')
    expect(a.send('nothing')).toBe(false)
    const requests = a.agent.stats.requestsSent
    world.sim.advance(60_000)
    expect(a.agent.stats.requestsSent).toBe(requests)
    expect(a.agent.nextTimeout).toBe(Infinity)
  })

  test('an end that sends asks every 4 to 6 s, whatever its peer asks', () => {
    const { world, a } = connected()
    const tick = (): void => {
      a.send('data')
      world.sim.after(100, tick)
    }
    tick()
    const before = a.agent.stats.requestsSent
    world.sim.advance(600_000)
    expect(a.agent.stats.requestsSent - before).toBeGreaterThanOrEqual(600 / 6)
    expect(a.agent.stats.requestsSent - before).toBeLessThanOrEqual(600 / 4)
  })

  test('an idle connection that loses a twentieth of its packets hardly ever seems disconnected', () => {
    const world = new World({ seed: 3, conditions: { latency: 50, loss: 0.05 } })
    const [a, b] = [world.peer({ role: 'controlling' }), world.peer({ role: 'controlled' })]
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    world.sim.advance(10 * 3_600_000)
    const gaps = a.states.filter((state) => state === 'disconnected').length
    // As many as where both ends ask every 4 to 6 s, each for itself, and repeat nothing.
    expect(gaps).toBeLessThanOrEqual(34)
    expect(a.states).not.toContain('failed')
  })

  test('a path that comes back in time is connected again', () => {
    const { world, a, b } = connected()
    world.network.intercept(() => 'drop')
    world.sim.advance(15_000)
    expect([a.agent.state, b.agent.state]).toEqual(['disconnected', 'disconnected'])
    world.network.intercept(null)
    world.sim.advance(7_000)
    expect(a.states.at(-1)).toMatch(/connected|completed/)
    expect(b.states.at(-1)).toMatch(/connected|completed/)
    expect(a.agent.state).not.toBe('disconnected')
  })

  test('data alone is a sign of life, but no consent', () => {
    const { world, a, b } = connected()
    // STUN is lost, data comes through.
    world.network.intercept((_path, bytes) => (bytes[0]! < 4 ? 'drop' : 'pass'))
    const tick = (): void => {
      if (b.agent.state === 'failed') return
      b.send('data')
      world.sim.after(500, tick)
    }
    tick()
    world.sim.advance(20_000)
    expect(a.states).not.toContain('disconnected')
    expect(world.run(() => a.agent.state === 'failed', 20_000)).toBe(true)
  })

  test('when the selected pair dies, another that was found to work takes over', () => {
    const world = new World({ seed: 9, conditions: { latency: 100 } })
    const hosts = ['198.51.100.11', '198.51.100.12'].map((address) => world.network.host(address))
    const a = new Peer(world.sim, { role: 'controlling', hosts })
    const b = world.peer({ role: 'controlled' })
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    expect(a.agent.selectedPair?.local.address).toBe('198.51.100.11')
    world.sim.advance(2_000)
    hosts[0]!.up = false
    const moved = (): boolean => a.agent.selectedPair?.local.address === '198.51.100.12'
    expect(world.run(() => moved() && b.agent.selectedPair?.remote.address === '198.51.100.12', 20_000)).toBe(
      true,
    )
    world.sim.advance(1_000)
    a.send('by the other interface')
    b.send('to it')
    world.sim.advance(1_000)
    expect([a.received, b.received]).toEqual([['to it'], ['by the other interface']])
    expect([...a.states, ...b.states]).not.toContain('failed')
    expect([a.agent.state, b.agent.state]).not.toContain('disconnected')
  })
})
