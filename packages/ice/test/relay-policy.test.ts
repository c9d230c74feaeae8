import { describe, expect, test } from '@jest/globals'

import { introduce, isCompleted, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

describe('policy relay', () => {
  test('nothing but relayed candidates, and no datagram to the peer but by the relay', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'both', policy: 'relay' })
    const b = world.peer({ role: 'controlled', uses: 'both' })
    const direct: string[] = []
    const hidden = a.sockets[0]!.local.address
    world.network.intercept(({ from, to }) => {
      if (from.address === hidden && to.address !== '198.51.100.1') direct.push(to.address)
      return 'pass'
    })
    introduce(world.sim, a, b)
    expect(world.run(() => isConnected(a, b))).toBe(true)
    a.send('hidden')
    world.sim.advance(100)
    expect(b.received).toEqual(['hidden'])
    expect(a.candidates.map((candidate) => candidate?.type)).toEqual(['relay', undefined])
    expect(a.candidates[0]).toMatchObject({ relatedAddress: '0.0.0.0', relatedPort: 9 })
    expect([a.local, b.remote]).toEqual(['relay', 'relay'])
    expect(direct).toEqual([])
    const told = JSON.stringify([b.agent.pairs.map(({ remote }) => remote), a.candidates])
    expect(told).not.toContain(hidden)
  })

  test('checks to the hidden address are not answered, even with the right credentials', () => {
    const world = new World()
    const a = world.peer({ role: 'controlled', uses: 'turn', policy: 'relay' })
    const b = world.peer({ role: 'controlling' })
    introduce(world.sim, a, b)
    const { address, port } = a.sockets[0]!.local
    b.agent.addRemoteCandidate(world.sim.now, {
      foundation: 'guess',
      component: 1,
      transport: 'udp',
      priority: 2_130_706_431,
      address,
      port,
      type: 'host',
    })
    expect(world.run(() => isConnected(a, b))).toBe(true)
    world.sim.advance(2_000)
    expect(b.remote).toBe('relay')
    expect(a.agent.discarded.get('unknown-peer')).toBeGreaterThan(0)
  })

  test('both sides: relay to relay', () => {
    const world = new World()
    const options = { uses: 'turn', policy: 'relay', nat: 'symmetric' } as const
    const a = world.peer({ role: 'controlling', ...options })
    const b = world.peer({ role: 'controlled', ...options })
    introduce(world.sim, a, b)
    expect(world.run(() => isCompleted(a, b))).toBe(true)
    expect([a.local, a.remote, b.local, b.remote]).toEqual(['relay', 'relay', 'relay', 'relay'])
  })

  test('without a TURN server there is no candidate, and no connection', () => {
    const world = new World()
    const a = world.peer({ role: 'controlling', uses: 'stun', policy: 'relay' })
    const b = world.peer({ role: 'controlled' })
    introduce(world.sim, a, b)
    expect(world.run(() => a.agent.state === 'failed', 60_000)).toBe(true)
    expect(a.candidates).toEqual([null])
    expect(a.agent.stats.requestsSent).toBe(0)
  })
})
