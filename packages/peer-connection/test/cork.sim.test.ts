import { describe, expect, test } from '@jest/globals'

import { SimPair } from './support/sim-pair.ts'

const kilobyte = new Uint8Array(1_000)

describe('a transport that is corked', () => {
  test('acknowledges all that comes in meanwhile at once', () => {
    const pair = new SimPair({ seed: 1, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    const channel = alice.transport.openChannel(sim.now, { label: 'bulk' })
    sim.run({ until: () => bob.channels.length === 1 })
    sim.run({ deadline: 1_000 })
    const sentBefore = bob.transport.statistics.ice.datagramsSent
    bob.transport.cork()
    for (let i = 0; i < 3; i++) alice.transport.send(sim.now, channel, kilobyte, false)
    sim.run({ until: () => bob.received.length === 3, deadline: 50 })
    expect(bob.transport.statistics.ice.datagramsSent).toBe(sentBefore)
    bob.transport.uncork(sim.now)
    expect(bob.transport.statistics.ice.datagramsSent).toBe(sentBefore + 1)
  })

  test('opens when each cork has been pulled, and not before', () => {
    const pair = new SimPair({ seed: 2, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    const channel = alice.transport.openChannel(sim.now, { label: 'chat' })
    sim.run({ until: () => bob.channels.length === 1 })
    const { transport } = alice
    transport.cork()
    transport.cork()
    transport.send(sim.now, channel, kilobyte, false)
    transport.uncork(sim.now)
    sim.run({ deadline: 100 })
    expect(bob.received).toHaveLength(0)
    transport.uncork(sim.now)
    // One too many is harmless.
    transport.uncork(sim.now)
    sim.run({ until: () => bob.received.length === 1 })
    expect(bob.received).toHaveLength(1)
  })

  test('keeps its cork while the association comes into being', () => {
    const pair = new SimPair({ seed: 3, latency: 5 })
    pair.alice.transport.cork()
    pair.start()
    const { alice, sim } = pair
    sim.run({ deadline: 300 })
    expect(alice.dtlsState).toBe('connected')
    expect(alice.isConnected).toBe(false)
    alice.transport.uncork(sim.now)
    expect(sim.run({ until: () => alice.isConnected, deadline: 5_000 })).toBe(true)
  })

  test('does not keep the end of the link to itself', () => {
    const pair = new SimPair({ seed: 4, latency: 5 })
    pair.connect()
    const { alice, bob, sim } = pair
    const channel = alice.transport.openChannel(sim.now, { label: 'last words' })
    sim.run({ until: () => bob.channels.length === 1 })
    alice.transport.cork()
    alice.transport.send(sim.now, channel, kilobyte, false)
    alice.transport.close(sim.now)
    sim.run({ until: () => bob.closeReason !== undefined })
    expect(bob.received).toHaveLength(1)
    expect(bob.closeReason?.sctp?.code).toBe('aborted-by-peer')
    alice.transport.uncork(sim.now)
  })
})
