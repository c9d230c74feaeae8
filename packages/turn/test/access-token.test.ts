import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import { type AccessCredentials, openAccessToken, sealAccessToken } from '@purertc/stun'

import { World } from './turn-world.ts'

const serverName = 'turn.example.org'
const sealKey = new Uint8Array(32).fill(3)
const issuedAt = 1_800_000_000

/** A server that opens tokens at that time, in seconds since 1970. */
function worldAt(now: () => number): World {
  return new World({
    server: {
      accessTokens: {
        serverName,
        open: (keyId, token) =>
          keyId === 'key-1'
            ? (openAccessToken(nodeCrypto, sealKey, serverName, token, now())?.macKey ?? null)
            : null,
      },
    },
  })
}

/** What an authorization server hands out: a key, and a token in which only our server finds it. */
function credentials(macKey: Uint8Array): {
  username: string
  accessToken: AccessCredentials
} {
  const token = sealAccessToken(nodeCrypto, sealKey, serverName, { macKey, issuedAt, lifetime: 3_600 })
  return { username: 'key-1', accessToken: { keyId: 'key-1', token, macKey } }
}

describe('RFC 7635: a client with an access token', () => {
  test.each([20, 32])('of a key of %i bytes allocates, reaches peers, refreshes and releases', (length) => {
    const world = worldAt(() => issuedAt + 1 + world.sim.now / 1_000)
    const client = world.client(credentials(new Uint8Array(length).fill(4))).allocate()
    expect(client.events).toEqual(['allocated'])
    const peer = world.peer()
    peer.echo = true
    client.send(peer.address, 'hello')
    expect(world.run(() => client.received.length > 0)).toBe(true)
    expect(client.received[0]?.text).toBe('hello')
    // Half an hour: refreshes, over nonces that go stale.
    world.sim.run({ until: () => false, deadline: 1_800_000 })
    expect(client.machine.state).toBe('allocated')
    expect(world.server.answered.get('438')).toBeGreaterThan(0)
    client.close()
    world.run(() => client.events.includes('closed'))
    expect(world.server.load.allocations).toBe(0)
  })

  test('whose token is over is refused', () => {
    const world = worldAt(() => issuedAt + 4_000)
    expect(world.client(credentials(new Uint8Array(20))).allocate().events).toEqual(['failed 401'])
  })

  test('whose key is another than the one in the token is refused', () => {
    const world = worldAt(() => issuedAt + 1)
    const { username, accessToken } = credentials(new Uint8Array(20))
    const client = world.client({
      username,
      accessToken: { ...accessToken, macKey: new Uint8Array(20).fill(9) },
    })
    expect(client.allocate().events).toEqual(['failed 401'])
  })
})
