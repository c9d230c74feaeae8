import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  AccessToken,
  type AccessTokens,
  ErrorCode,
  LongTermAuthenticator,
  LongTermCredentials,
  openAccessToken,
  sealAccessToken,
  ThirdPartyAuthorization,
  UnknownAttributes,
} from '../src/index.ts'
import { bare } from './long-term-stage.ts'
import { decode, Pair, request } from './pair.ts'

const sealKey = new Uint8Array(32).fill(1)
const grant = { macKey: new Uint8Array(20).fill(2), issuedAt: 1_000.5, lifetime: 600 }
const serverName = 'stun.example.org'
const token = sealAccessToken(nodeCrypto, sealKey, serverName, grant)
const accessTokens: AccessTokens = {
  serverName,
  open: (keyId, token) =>
    keyId === 'key-1'
      ? (openAccessToken(nodeCrypto, sealKey, serverName, token, 1_010)?.macKey ?? null)
      : null,
}
const longTerm = { realm: 'example.org', password: () => null }

describe('RFC 7635: a STUN server that takes tokens', () => {
  test('answers a Binding request that is signed by one', () => {
    const pair = new Pair({ server: { longTerm: { ...longTerm, accessTokens } } })
    const ask = (credentials: LongTermCredentials): ReturnType<typeof decode> => {
      const bytes = credentials.sign(bare()).finish()
      pair.server.handleDatagram(pair.now, pair.clientAddress, pair.clientAddress, bytes)
      return pair.toClient.at(-1)!
    }
    const credentials = new LongTermCredentials(nodeCrypto, '', {
      keyId: 'key-1',
      macKey: grant.macKey,
      token,
    })
    const challenge = ask(credentials)
    expect(challenge.get(ThirdPartyAuthorization)).toBe(serverName)
    expect(credentials.learn(challenge, false)).toBe(true)
    const answer = ask(credentials)
    expect([answer.get(ErrorCode), credentials.authenticate(answer)]).toEqual([undefined, answer])
  })

  test('for as long as they are good, give or take five seconds of two clocks (RFC 7635 §7)', () => {
    const isGood = (now: number): boolean =>
      openAccessToken(nodeCrypto, sealKey, serverName, token, now) !== null
    const [first, last] = [grant.issuedAt - 5, grant.issuedAt + grant.lifetime + 5]
    expect([first, first + 0.5, last - 0.5, last].map(isGood)).toEqual([false, true, true, false])
  })

  test('or else does not understand them: 420', () => {
    const pair = new Pair()
    const bytes = request().add(AccessToken, token).finish()
    pair.server.handleDatagram(pair.now, pair.clientAddress, pair.clientAddress, bytes)
    expect(pair.toClient[0]?.get(UnknownAttributes)).toEqual([AccessToken.type])
  })
})

describe('what could not be sent is refused where it is given', () => {
  const invalid: unknown = expect.objectContaining({ code: 'invalid-value' })

  test.each([
    ['a lifetime below zero', { lifetime: -1 }],
    ['one beyond 32 bits', { lifetime: 2 ** 32 }],
    ['no lifetime at all', { lifetime: NaN }],
    ['a time before 1970', { issuedAt: -1 }],
    ['a time that is none', { issuedAt: Infinity }],
    ['a time beyond 48 bits', { issuedAt: 2 ** 48 }],
    ['a key that is too long', { macKey: new Uint8Array(65_536) }],
  ])('a token with %s', (_, fault) => {
    expect(() => sealAccessToken(nodeCrypto, sealKey, serverName, { ...grant, ...fault })).toThrow(invalid)
  })

  test('a token at the limits says what it was given', () => {
    const last = { macKey: grant.macKey, issuedAt: 2 ** 47 + 0.25, lifetime: 2 ** 32 - 1 }
    const sealed = sealAccessToken(nodeCrypto, sealKey, serverName, last)
    expect(openAccessToken(nodeCrypto, sealKey, serverName, sealed, 2 ** 47)).toEqual(last)
  })

  test('names and tokens of a client', () => {
    const long = 'é'.repeat(257)
    expect(() => new LongTermCredentials(nodeCrypto, long, 'secret')).toThrow(invalid)
    const secret = { keyId: 'key-1', macKey: grant.macKey, token }
    expect(() => new LongTermCredentials(nodeCrypto, '', { ...secret, keyId: long })).toThrow(invalid)
    for (const length of [0, 65_536])
      expect(
        () => new LongTermCredentials(nodeCrypto, '', { ...secret, token: new Uint8Array(length) }),
      ).toThrow(invalid)
    // The longest one that is not refused can be sent.
    expect(() => new LongTermCredentials(nodeCrypto, 'é'.repeat(256), 'secret')).not.toThrow()
  })

  test('names of a server, so that every challenge fits 548 bytes', () => {
    const make = (realm: number, name: number): LongTermAuthenticator =>
      new LongTermAuthenticator({
        ...longTerm,
        crypto: nodeCrypto,
        realm: 'r'.repeat(realm),
        passwordHashes: ['sha256', 'md5'],
        accessTokens: { ...accessTokens, serverName: 's'.repeat(name) },
      })
    for (const [realm, name] of [
      [1, 256],
      [257, 1],
      [146, 255],
      [256, 145],
    ] as const)
      expect(() => make(realm, name)).toThrow(invalid)
    for (const [realm, name] of [
      [145, 255],
      [256, 144],
    ] as const) {
      const pair = new Pair({ server: { longTerm: make(realm, name), software: 'server' } })
      pair.server.handleDatagram(pair.now, pair.clientAddress, pair.clientAddress, request().finish())
      expect(pair.toClient[0]?.wire.length).toBeLessThanOrEqual(548)
      expect(pair.toClient[0]?.get(ThirdPartyAuthorization)).toHaveLength(name)
    }
  })
})
