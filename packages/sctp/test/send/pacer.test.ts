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

/** Sends so many bytes, each packet of which is acknowledged after `roundTrip` milliseconds. */
function exchange(peer: ScriptedPeer, bytes: number, roundTrip: number): void {
  peer.association.send(peer.now, 0, 51, pattern(bytes))
  for (;;) {
    const last = peer.sentOffsets().at(-1)
    if (last === undefined) return
    peer.wait(roundTrip)
    peer.send(peer.sack(last))
  }
}

test('small messages leave together after much was sent over a short path that is long now', () => {
  const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
  exchange(peer, 10_000, 200)
  for (let i = 0; i < 100; i++) exchange(peer, 60_000, 1)
  for (let i = 0; i < 3; i++) exchange(peer, 10_000, 200)
  expect(peer.association.roundTripTime).toBeGreaterThan(50)
  for (let i = 0; i < 16; i++) peer.association.send(peer.now, i, 51, pattern(10))
  expect(peer.sentOffsets()).toHaveLength(16)
})

test('SACKs of lone packets, which a peer may delay by 200 ms (RFC 9260 §6.2), do not slow what comes after them', () => {
  const peer = new ScriptedPeer({ config: { heartbeatInterval: Infinity } }).connect()
  for (let i = 0; i < 100; i++) exchange(peer, 60_000, 1)
  for (let i = 0; i < 20; i++) exchange(peer, 10, 200)
  expect(peer.association.roundTripTime).toBeGreaterThan(150)
  peer.association.send(peer.now, 0, 51, pattern(60_000))
  expect(peer.sentOffsets()).toHaveLength(Math.ceil(60_000 / 1_132))
})
