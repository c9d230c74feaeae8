import { describe, expect, test } from '@jest/globals'
import { Network, Simulation } from '@purertc/netsim'

import { introduce, isCompleted, Peer } from './support/peer.ts'

function pair(seed: number, conditions = { latency: 20 }) {
  const sim = new Simulation({ seed })
  const network = new Network(sim, conditions)
  const a = new Peer(sim, { hosts: [network.host('198.51.100.1')], role: 'controlling' })
  const b = new Peer(sim, { hosts: [network.host('198.51.100.2')], role: 'controlled' })
  return { sim, network, a, b }
}

describe('two hosts without a NAT', () => {
  test('complete, and exchange data', () => {
    const { sim, a, b } = pair(1)
    introduce(sim, a, b)
    expect(sim.run({ until: () => isCompleted(a, b), deadline: 5_000 })).toBe(true)
    expect([a.local, a.remote, b.local, b.remote]).toEqual(['host', 'host', 'host', 'host'])
    expect(a.states).toEqual(['checking', 'connected', 'completed'])
    expect(a.send('hello')).toBe(true)
    expect(b.send('world')).toBe(true)
    sim.advance(100)
    expect([a.received, b.received]).toEqual([['world'], ['hello']])
    expect(a.failures).toEqual([])
  })
})
