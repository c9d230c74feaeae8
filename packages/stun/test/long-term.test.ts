import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  ErrorCode,
  integrityOf,
  type LongTermConfig,
  LongTermCredentials,
  MessageBuilder,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithms,
  Realm,
  transportAddress,
  Username,
} from '../src/index.ts'

import { bare, challenged, client, key, pair, refuse, request, start } from './long-term-stage.ts'
import { decode } from './pair.ts'

describe('a client and a server', () => {
  test.each([
    { offer: 'none (RFC 5389)', hashes: undefined, integrity: 'sha1' },
    { offer: 'SHA-256 before MD5', hashes: ['sha256', 'md5'], integrity: 'sha256' },
    { offer: 'MD5 before SHA-256', hashes: ['md5', 'sha256'], integrity: 'sha256' },
  ] as const)('agree after one challenge; algorithms: $offer', ({ hashes, integrity }) => {
    const { authenticator, credentials } = pair(hashes === undefined ? {} : { passwordHashes: hashes })
    expect(credentials.isChallenged).toBe(false)
    const bare = request(credentials)
    expect(authenticator.authenticate(start, bare, client)).toEqual({ granted: false, code: 401 })
    expect(credentials.learn(refuse(authenticator, bare, 401), false)).toBe(true)
    expect(credentials.realm).toBe('example.org')

    const signed = request(credentials)
    const outcome = authenticator.authenticate(start, signed, client)
    expect(outcome).toMatchObject({ granted: true, username: 'user', integrity })
    if (!outcome.granted) return
    const answer = decode(
      MessageBuilder.success(outcome.message).sign(nodeCrypto, outcome.key, outcome.integrity).finish(),
    )
    expect(integrityOf(answer)).toBe(integrity)
    expect(credentials.authenticate(answer)).toBe(answer)
  })

  test('a wrong password is refused once and for all', () => {
    const { authenticator } = pair()
    const credentials = new LongTermCredentials(nodeCrypto, 'user', 'wrong')
    credentials.learn(refuse(authenticator, request(credentials), 401), false)
    const signed = request(credentials)
    expect(authenticator.authenticate(start, signed, client)).toEqual({ granted: false, code: 401 })
    expect(credentials.learn(refuse(authenticator, signed, 401), true)).toBe(false)
  })

  test('an unknown user is refused like a wrong password', () => {
    const { authenticator } = pair()
    const credentials = new LongTermCredentials(nodeCrypto, 'nobody', '')
    credentials.learn(refuse(authenticator, request(credentials), 401), false)
    expect(authenticator.authenticate(start, request(credentials), client)).toEqual({
      granted: false,
      code: 401,
    })
  })

  test('a stale nonce is renewed', () => {
    const { authenticator, credentials } = challenged({ nonceLifetime: 60 })
    const late = Millis(start + 60_000)
    const signed = request(credentials)
    expect(authenticator.authenticate(Millis(late - 1), signed, client)).toMatchObject({ granted: true })
    expect(authenticator.authenticate(late, signed, client)).toEqual({ granted: false, code: 438 })
    expect(credentials.learn(refuse(authenticator, signed, 438, late), true)).toBe(true)
    expect(authenticator.authenticate(late, request(credentials), client)).toMatchObject({ granted: true })
  })

  test('the same nonce again is no renewal', () => {
    const { authenticator, credentials } = challenged()
    expect(credentials.learn(refuse(authenticator, request(credentials), 438), true)).toBe(false)
  })
})

describe('the server', () => {
  test('§9.2.4: a nonce serves one address only', () => {
    const { authenticator, credentials } = challenged()
    const signed = request(credentials)
    for (const other of [transportAddress('192.0.2.8', 4242), transportAddress('192.0.2.7', 4243)])
      expect(authenticator.authenticate(start, signed, other)).toEqual({ granted: false, code: 438 })
  })

  test('a nonce of another server is stale, and so is one that was tampered with', () => {
    const { authenticator } = pair()
    const nonce = authenticator.makeNonce(start, client)
    expect(authenticator.isFresh(start, nonce, client)).toBe(true)
    expect(pair().authenticator.isFresh(start, nonce, client)).toBe(false)
    for (const forged of [
      '',
      'x',
      nonce.slice(0, -1),
      `${nonce}0`,
      nonce.replace(/.$/, 'g'),
      nonce.toUpperCase(),
    ])
      expect(authenticator.isFresh(start, forged, client)).toBe(false)
  })

  test.each(['Username', 'Realm', 'Nonce'])('integrity without %s is a bad request', (missing) => {
    const { authenticator } = pair()
    const builder = bare()
    if (missing !== 'Username') builder.add(Username, 'user')
    if (missing !== 'Realm') builder.add(Realm, 'example.org')
    if (missing !== 'Nonce') builder.add(Nonce, authenticator.makeNonce(start, client))
    const message = decode(builder.sign(nodeCrypto, key()).finish())
    expect(authenticator.authenticate(start, message, client)).toEqual({ granted: false, code: 400 })
    const response = refuse(authenticator, message, 400)
    expect(response.get(ErrorCode)).toEqual({ code: 400, reason: 'Bad Request' })
    expect(response.has(Realm) || response.has(Nonce)).toBe(false)
  })

  test.each([
    ['an algorithm without the list', [], 2],
    ['the list without an algorithm', [2, 1], null],
    ['another list', [1, 2], 1],
    ['an algorithm that was not offered', [2, 1], 7],
  ])('§9.2.4: %s is a bad request', (_case, list, algorithm) => {
    const { authenticator } = pair({ passwordHashes: ['sha256', 'md5'] })
    const builder = bare()
      .add(Username, 'user')
      .add(Realm, 'example.org')
      .add(Nonce, authenticator.makeNonce(start, client))
    if (list.length > 0) builder.add(PasswordAlgorithms, list)
    if (algorithm !== null) builder.add(PasswordAlgorithm, algorithm)
    const message = decode(builder.sign(nodeCrypto, key(), 'sha256').finish())
    expect(authenticator.authenticate(start, message, client)).toEqual({ granted: false, code: 400 })
  })

  test('servers that share a secret take each other’s nonces, for one realm and one address', () => {
    const nonces = { secret: new Uint8Array(32).fill(3) }
    const [here, there, elsewhere] = ['a', 'a', 'b'].map((realm) => pair({ realm, nonces }).authenticator)
    const nonce = here!.makeNonce(start, client)
    const isFresh = (at: typeof here, from = client): boolean | undefined => at?.isFresh(start, nonce, from)
    expect([isFresh(here), isFresh(there), isFresh(elsewhere)]).toEqual([true, true, false])
    expect(isFresh(there, { ...client, port: 1 })).toBe(false)
    expect(() => pair({ nonces: { secret: new Uint8Array(31) } })).toThrow(
      expect.objectContaining({ code: 'invalid-value' }),
    )
  })

  test('a client that ignores the offer is taken by MD5, unless MD5 is not offered', () => {
    const ask = (passwordHashes: LongTermConfig['passwordHashes'] & object) => {
      const { authenticator } = pair({ passwordHashes })
      const message = bare()
        .add(Username, 'user')
        .add(Realm, 'example.org')
        .add(Nonce, authenticator.makeNonce(start, client))
        .sign(nodeCrypto, key())
        .finish()
      return authenticator.authenticate(start, decode(message), client)
    }
    expect(ask(['sha256', 'md5'])).toMatchObject({ granted: true, integrity: 'sha1' })
    expect(ask(['sha256'])).toEqual({ granted: false, code: 401 })
  })
})
