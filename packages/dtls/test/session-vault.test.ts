import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import { SessionVault } from '../src/index.ts'

import { begin, vault } from './resuming.ts'

describe('a vault', () => {
  const { session } = begin()
  const now = Millis(1_000)
  const { remembered } = session

  test('opens what it has sealed, and nothing else', () => {
    const sessions = vault()
    const ticket = sessions.seal(now, remembered) ?? new Uint8Array(0)
    expect(sessions.open(now, ticket)).toMatchObject({
      masterSecret: remembered.masterSecret,
      identity: remembered.identity,
    })
    for (let at = 0; at < ticket.length; at += 7) {
      const forged = ticket.slice()
      forged[at]! ^= 1
      expect(sessions.open(now, forged)).toBeNull()
      expect(sessions.open(now, ticket.subarray(0, at))).toBeNull()
    }
    expect(vault().open(now, ticket)).toBeNull()
    expect(sessions.seal(now, remembered)).not.toEqual(ticket)
  })

  test('changes its key, and takes tickets of the former one for as long again', () => {
    const sessions = vault(10_000)
    const endless = { ...remembered, expires: Millis(Infinity) } as never
    const finite = { ...remembered, expires: Millis(1e12) } as never
    const ticket = sessions.seal(now, finite) ?? new Uint8Array(0)
    expect(sessions.open(Millis(15_000), ticket)).not.toBeNull()
    expect(sessions.open(Millis(25_000), ticket)).toBeNull()
    sessions.keep(Uint8Array.of(1), endless)
    expect(sessions.find(Millis(1e9), Uint8Array.of(1))).toBe(endless)
  })

  test('seals nothing that a ClientHello could not carry, and keeps no more than it should', () => {
    const chain = [new Uint8Array(5_000)]
    const large = { ...remembered, identity: { ...remembered.identity, chain } } as never
    expect(vault().seal(now, large)).toBeNull()
    const small = new SessionVault({ crypto: nodeCrypto, maxSessions: 2 })
    for (const id of [1, 2, 3]) small.keep(Uint8Array.of(id), remembered)
    expect([1, 2, 3].map((id) => small.find(now, Uint8Array.of(id)) !== null)).toEqual([false, true, true])
    small.forget(Uint8Array.of(3))
    expect(small.find(now, Uint8Array.of(3))).toBeNull()
  })
})
