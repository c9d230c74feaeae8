import { expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'

import { Pacer } from '../../src/send/pacer.ts'
import { pattern } from '../support/association-pair.ts'
import { ScriptedPeer } from '../support/scripted-peer.ts'

const packet = 1_000
const burst = 16 * packet

/** Packets that leave in a row at `now`. */
function leaving(pacer: Pacer, now: number): number {
  let count = 0
  for (; count < 1_000 && pacer.allows(Millis(now), burst); count++) pacer.sent(packet)
  return count
}

test('a burst leaves at once, and then as much as the pace allows', () => {
  const pacer = new Pacer()
  pacer.adjust(100 * packet, 1, 100)
  expect(leaving(pacer, 0)).toBe(16)
  expect(pacer.next(Millis(0), packet)).toBe(1)
  expect(leaving(pacer, 5)).toBe(5)
  expect(leaving(pacer, 5)).toBe(0)
  expect(leaving(pacer, 1_000)).toBe(16)
})

test('a round trip too short to spread anything over holds nothing back', () => {
  const pacer = new Pacer()
  pacer.adjust(100 * packet, 1, 1)
  expect(leaving(pacer, 0)).toBe(1_000)
})

test('what left without a pace is no debt of the pace that comes after it', () => {
  const pacer = new Pacer()
  for (const [now, roundTrip] of [
    [0, 100],
    [10, 1],
    [20, 100],
  ] as const) {
    // prettier-ignore
    pacer.adjust(100 * packet, 1, roundTrip)
    expect(leaving(pacer, now)).toBeGreaterThan(0)
  }
})

test('small messages leave together after much was sent over a short path whose SACKs come late now', () => {
  const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
  let acknowledged = -1
  const exchange = (bytes: number, roundTrip: number): void => {
    peer.association.send(peer.now, 0, 51, pattern(bytes))
    for (;;) {
      const count = peer.sentOffsets().length
      if (count === 0) return
      peer.wait(roundTrip)
      acknowledged += count
      peer.send(peer.sack(acknowledged))
    }
  }
  // A lone packet is acknowledged late, as a peer may by 200 ms (RFC 9260 §6.2), many are at once.
  exchange(10, 200)
  for (let i = 0; i < 100; i++) exchange(60_000, 1)
  for (let i = 0; i < 3; i++) exchange(10, 200)
  expect(peer.association.roundTripTime).toBeGreaterThan(50)
  for (let i = 0; i < 16; i++) peer.association.send(peer.now, i, 51, pattern(10))
  expect(peer.sentOffsets()).toHaveLength(16)
})
