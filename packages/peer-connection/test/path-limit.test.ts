import { networkInterfaces } from 'node:os'

import { describe, expect, test } from '@jest/globals'
import type { CandidatePair, CandidateType } from '@purertc/ice'

import { nodePathLimit } from '../src/node/path-limit.ts'
import { defaultPathLimit } from '../src/transport/path-limit.ts'
import { SimPair } from './support/sim-pair.ts'

function pairOf(local: string, remote: string, type: CandidateType = 'host'): CandidatePair {
  const candidate = { foundation: '1', component: 1, transport: 'udp', priority: 1, port: 9 } as const
  return {
    local: { ...candidate, address: local, type },
    remote: { ...candidate, address: remote, type: 'host' },
    priority: 1n,
    state: 'succeeded',
    nominated: true,
    role: 'controlling',
    roundTripTime: 1,
    requestsSent: 1,
    responsesReceived: 1,
  }
}

describe('the largest datagram that leaves in one piece', () => {
  test('is what Ethernet carries where nothing else is known', () => {
    expect(defaultPathLimit(pairOf('198.51.100.1', '198.51.100.2'))).toBe(1_472)
    expect(defaultPathLimit(pairOf('2001:db8::1', '2001:db8::2'))).toBe(1_452)
    expect(nodePathLimit(pairOf('198.51.100.1', '198.51.100.2'))).toBe(1_472)
  })

  test('leaves room for a TURN message where a server relays', () => {
    expect(defaultPathLimit(pairOf('198.51.100.1', '198.51.100.2', 'relay'))).toBeLessThanOrEqual(
      1_472 - 48 - 20,
    )
    expect(nodePathLimit(pairOf('127.0.0.1', '127.0.0.1', 'relay'))).toBeLessThan(1_472)
  })

  test('holds any DTLS record within one machine', () => {
    expect(nodePathLimit(pairOf('127.0.0.1', '127.0.0.1'))).toBeGreaterThan(16_424)
    expect(nodePathLimit(pairOf('::1', '::1'))).toBeGreaterThan(16_424)
    for (const { address } of Object.values(networkInterfaces()).flatMap((entries) => entries ?? []))
      expect(nodePathLimit(pairOf(address, address))).toBeGreaterThan(16_424)
  })

  test('bounds the search of a transport', () => {
    const pair = new SimPair({ seed: 1, latency: 5 })
    let largest = 0
    pair.network.intercept((_path, bytes) => {
      largest = Math.max(largest, bytes.length)
      return 'pass'
    })
    pair.connect()
    const { alice, bob, sim } = pair
    const channel = alice.transport.openChannel(sim.now, { label: 'bulk' })
    for (let i = 0; i < 20; i++) alice.transport.send(sim.now, channel, new Uint8Array(30_000), false)
    sim.run({ until: () => bob.received.length === 20 })
    // DTLS 1.3 takes 22 bytes of the 40 that are set aside.
    expect(alice.transport.statistics.sctp?.packetSize).toBe(1_432)
    expect(largest).toBe(1_454)
  })
})
