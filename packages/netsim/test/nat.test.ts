import { expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'

import { Nat, type Random, simAddress } from '../src/index.ts'

test('a mapping that takes an idle one’s port keeps it when the idle one comes back', () => {
  const ports = [7, 7, 7, 9]
  const random = { int: () => ports.shift() ?? 0 } as unknown as Random
  const nat = new Nat(random, { kind: 'full-cone', address: '198.51.100.7', mappingLifetime: 1_000 })
  const [alice, bob] = [simAddress('10.0.0.1', 5_000), simAddress('10.0.0.2', 5_000)]
  const peer = simAddress('203.0.113.1', 80)
  const first = nat.outbound(Millis(0), alice, peer)
  const second = nat.outbound(Millis(1_000), bob, peer)
  expect(second).toEqual(first)
  const third = nat.outbound(Millis(1_500), alice, peer)
  expect(third.port).not.toBe(second.port)
  expect(nat.inbound(Millis(1_600), peer, second)).toEqual(bob)
  expect(nat.inbound(Millis(1_600), peer, third)).toEqual(alice)
})
