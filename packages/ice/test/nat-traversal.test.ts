import { describe, expect, test } from '@jest/globals'
import type { NatKind } from '@purertc/netsim'

import { introduce, isCompleted, isConnected, type Peer } from './support/peer.ts'
import { World } from './support/world.ts'

type Uses = 'stun' | 'turn' | 'both'

function connect(nats: readonly [NatKind | undefined, NatKind | undefined], uses: Uses, deadline = 10_000) {
  const world = new World()
  const [natA, natB] = nats
  const a = world.peer({ role: 'controlling', uses, ...(natA && { nat: natA }) })
  const b = world.peer({ role: 'controlled', uses, ...(natB && { nat: natB }) })
  const start = world.sim.now
  introduce(world.sim, a, b)
  const connected = world.run(() => isConnected(a, b), deadline)
  return { world, a, b, connected, took: world.sim.now - start }
}

function exchange(world: World, a: Peer, b: Peer): string[][] {
  a.send('from a')
  b.send('from b')
  world.sim.advance(500)
  return [a.received, b.received]
}

const types = (a: Peer, b: Peer) => [a.local, a.remote, b.local, b.remote]

describe('NAT traversal', () => {
  test('port-restricted to port-restricted by STUN', () => {
    const { world, a, b, connected } = connect(['port-restricted', 'port-restricted'], 'stun')
    expect(connected).toBe(true)
    expect(types(a, b)).toEqual(['srflx', 'srflx', 'srflx', 'srflx'])
    expect(exchange(world, a, b)).toEqual([['from b'], ['from a']])
    // The controlled agent goes on with pairs that would be better, until they time out.
    expect(world.run(() => isCompleted(a, b))).toBe(true)
  })

  test('full cone to symmetric by STUN: the cone learns a peer-reflexive candidate', () => {
    const { world, a, b, connected } = connect(['full-cone', 'symmetric'], 'stun')
    expect(connected).toBe(true)
    expect(types(a, b)).toEqual(['srflx', 'prflx', 'prflx', 'srflx'])
    expect(exchange(world, a, b)).toEqual([['from b'], ['from a']])
  })

  test.each([
    ['port-restricted', 'symmetric'],
    ['symmetric', 'symmetric'],
  ] as const)('%s to %s fails by STUN alone', (natA, natB) => {
    const { a, b, connected } = connect([natA, natB], 'stun', 40_000)
    expect(connected).toBe(false)
    expect([a.agent.state, b.agent.state]).toEqual(['failed', 'failed'])
    expect(new Set([...a.failures, ...b.failures])).toEqual(new Set(['timeout']))
  })

  test.each([
    ['port-restricted', 'symmetric'],
    ['symmetric', 'port-restricted'],
    ['symmetric', 'symmetric'],
  ] as const)('%s to %s by TURN', (natA, natB) => {
    const { world, a, b, connected, took } = connect([natA, natB], 'both', 60_000)
    expect(connected).toBe(true)
    expect(took).toBeLessThan(3_000)
    expect(types(a, b)).toContain('relay')
    expect(exchange(world, a, b)).toEqual([['from b'], ['from a']])
  })

  test('two hosts behind one NAT connect inside', () => {
    const world = new World()
    const nat = world.nat('port-restricted')
    const a = world.peer({ role: 'controlling', uses: 'stun', nat })
    const b = world.peer({ role: 'controlled', uses: 'stun', nat })
    introduce(world.sim, a, b)
    expect(world.run(() => isCompleted(a, b))).toBe(true)
    expect(types(a, b)).toEqual(['host', 'host', 'host', 'host'])
  })

  test('a public peer and a NATed one need no server at all', () => {
    const { a, b, connected } = connect([undefined, 'symmetric'], 'stun')
    expect(connected).toBe(true)
    expect(types(a, b)).toEqual(['host', 'prflx', 'prflx', 'host'])
  })
})
