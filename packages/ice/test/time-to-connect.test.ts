import { describe, expect, test } from '@jest/globals'
import type { NatKind } from '@purertc/netsim'

import type { Peer } from './support/peer.ts'
import { World } from './support/world.ts'

const ROUND_TRIP = 100

/** Milliseconds from when both descriptions, with all candidates, are known to when one end, and both, can send. */
function timeToConnect(
  nats: readonly [NatKind | undefined, NatKind | undefined],
  seed: number,
): [number, number] {
  const world = new World({ seed, conditions: { latency: ROUND_TRIP / 2 } })
  const [a, b] = nats.map((nat, i): Peer =>
    world.peer({ role: i === 0 ? 'controlling' : 'controlled', uses: 'stun', ...(nat && { nat }) }),
  )
  if (a === undefined || b === undefined) throw new Error('there are two peers')
  a.gather()
  b.gather()
  world.run(() => [a, b].every(({ agent }) => agent.gatheringState === 'complete'))
  const { now } = world.sim
  for (const [to, from] of [
    [a, b],
    [b, a],
  ] as const) {
    for (const candidate of from.candidates) to.agent.addRemoteCandidate(now, candidate)
    to.agent.setRemoteCredentials(now, from.agent.localCredentials)
  }
  expect(world.run(() => a.agent.activePair !== null || b.agent.activePair !== null)).toBe(true)
  const first = world.sim.now - now
  expect(world.run(() => a.agent.activePair !== null && b.agent.activePair !== null)).toBe(true)
  return [first, world.sim.now - now]
}

describe('a link of 100 ms a round trip, candidates known: a writable pair within 1.2 round trips', () => {
  test.each([
    [undefined, undefined],
    ['full-cone', 'full-cone'],
    ['address-restricted', 'address-restricted'],
    ['port-restricted', 'port-restricted'],
    ['port-restricted', undefined],
    ['symmetric', undefined],
  ] as const)('%s to %s', (first, second) => {
    // Nobody gets in to a symmetric NAT before its own check has gone out and told where from.
    const forBoth = first === 'symmetric' ? 1.5 : 1.2
    for (let seed = 1; seed <= 10; seed++) {
      const [one, both] = timeToConnect([first, second], seed)
      expect(one).toBeLessThanOrEqual(1.2 * ROUND_TRIP)
      expect(both).toBeLessThanOrEqual(forBoth * ROUND_TRIP)
    }
  })
})
