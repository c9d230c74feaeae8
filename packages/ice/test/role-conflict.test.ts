import { describe, expect, test } from '@jest/globals'

import { introduce, isConnected } from './support/peer.ts'
import { World } from './support/world.ts'

describe('role conflict, RFC 8445 §7.3.1.1 and §7.2.5.1', () => {
  test.each([
    ['controlling', 'none'],
    ['controlled', 'none'],
    ['controlling', 'port-restricted'],
    ['controlled', 'port-restricted'],
  ] as const)('both are %s, NATs: %s: one gives way, whatever the tie-breakers', (role, nat) => {
    const yielded = new Set<boolean>()
    for (let seed = 0; seed < 20; seed++) {
      const world = new World({ seed })
      const options = { role, uses: 'stun', ...(nat !== 'none' && { nat }) } as const
      const a = world.peer(options)
      const b = world.peer(options)
      introduce(world.sim, a, b)
      expect(world.run(() => isConnected(a, b))).toBe(true)
      expect(new Set([a.agent.role, b.agent.role])).toEqual(new Set(['controlling', 'controlled']))
      expect(a.agent.selectedPair?.priority).toBe(b.agent.selectedPair?.priority)
      expect(a.agent.selectedPair?.role).toBe(a.agent.role)
      yielded.add(a.agent.role === role)
    }
    expect(yielded.size).toBe(2)
  })

  test('also with loss', () => {
    for (let seed = 0; seed < 20; seed++) {
      const world = new World({ seed, conditions: { latency: 30, loss: 0.2, reorder: 0.2 } })
      const a = world.peer({ role: 'controlling' })
      const b = world.peer({ role: 'controlling' })
      introduce(world.sim, a, b)
      expect(world.run(() => isConnected(a, b), 60_000)).toBe(true)
      world.sim.advance(10_000)
      expect(a.agent.role).not.toBe(b.agent.role)
    }
  })
})
