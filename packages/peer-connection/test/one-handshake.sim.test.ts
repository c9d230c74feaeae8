import { ProtocolVersion } from '@purertc/dtls'
import { afterEach, beforeEach, expect, test } from '@jest/globals'

import { chunkTypesOf, SctpTap } from './support/sctp-tap.ts'
import { SimPair } from './support/sim-pair.ts'

let tap: SctpTap
beforeEach(() => {
  tap = new SctpTap()
})
afterEach(() => tap.close())

/** INITs that came out of DTLS, at both ends together. */
const inits = (): number => tap.packets.filter(({ bytes }) => chunkTypesOf(bytes).includes(INIT)).length

test.each(['dtls12', 'dtls13'] as const)(
  'the end that can speak first, which depends on the version, begins SCTP alone: %s',
  (name) => {
    const version = ProtocolVersion[name]
    const pair = new SimPair({
      seed: 1,
      latency: 20,
      config: { dtls: { versions: { min: version, max: version } } },
    })
    expect(pair.connect()).toBe(true)
    pair.sim.advance(5_000)
    expect([pair.alice.session?.version, inits()]).toEqual([version, 1])
  },
)

test('the other end begins where the first does not', () => {
  const pair = new SimPair({ seed: 2, latency: 20 })
  // The INIT of the DTLS client is lost.
  tap.loses = [INIT]
  pair.start()
  pair.sim.run({ until: () => inits() === 1 })
  const lostAt = pair.sim.now
  tap.loses = []
  expect(pair.sim.run({ until: () => pair.peers.every(({ isConnected }) => isConnected) })).toBe(true)
  expect(pair.sim.now - lostAt).toBe(5 + 4 * 20)
})

const INIT = 1
