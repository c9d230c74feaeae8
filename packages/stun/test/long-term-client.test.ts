import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  AlternateServer,
  authenticate,
  integrityOf,
  longTermKey,
  LongTermCredentials,
  MessageBuilder,
  MessageClass,
  Method,
  Nonce,
  PasswordAlgorithms,
  Realm,
  type StunMessage,
  Userhash,
  userhash,
  UserhashIndex,
  Username,
} from '../src/index.ts'

import { bare, challenge, challenged, client, key, pair, refuse, request, start } from './long-term-stage.ts'
import { decode } from './pair.ts'

describe('the client', () => {
  test('RFC 8489 §9.2.5: a challenge whose algorithms were removed is not answered', () => {
    const { credentials } = pair()
    const nonce = 'obMatJos2AAABxyz'
    expect(
      credentials.learn(
        challenge((builder) => builder.add(Nonce, nonce)),
        false,
      ),
    ).toBe(false)
    const offered = challenge((builder) => builder.add(Nonce, nonce).add(PasswordAlgorithms, [2]))
    expect(credentials.learn(offered, false)).toBe(true)
  })

  test('nor one that offers only algorithms we lack', () => {
    const { credentials } = pair()
    const response = challenge((builder) =>
      builder.add(Nonce, 'obMatJos2AAABxyz').add(PasswordAlgorithms, [9]),
    )
    expect(credentials.learn(response, false)).toBe(false)
  })

  test('nor one without nonce or realm', () => {
    const { credentials } = pair()
    expect(
      credentials.learn(
        challenge((builder) => builder),
        false,
      ),
    ).toBe(false)
    const noRealm = MessageBuilder.error(request(credentials), 401).add(Nonce, 'n')
    expect(credentials.learn(decode(noRealm.finish()), false)).toBe(false)
  })

  test('the username is hashed where the server wants it anonymous', () => {
    const { credentials } = pair()
    credentials.learn(
      challenge((builder) => builder.add(Nonce, 'obMatJos2AAACxyz')),
      false,
    )
    const signed = request(credentials)
    expect(signed.has(Username)).toBe(false)
    expect(signed.get(Userhash)).toHaveLength(32)
  })

  describe('RFC 8489 §9.2: a server that knows its users’ hashes', () => {
    const index = new UserhashIndex(nodeCrypto, 'example.org', ['user', 'gone'])
    const username = (hash: Uint8Array): string | null => index.find(hash)

    test.each([undefined, ['sha256', 'md5'] as const])('never sees the name; algorithms %j', (hashes) => {
      const config = hashes === undefined ? { username } : { username, passwordHashes: hashes }
      const { authenticator, credentials } = pair(config)
      credentials.learn(refuse(authenticator, request(credentials), 401), false)
      const signed = request(credentials)
      expect([signed.has(Username), signed.has(Userhash)]).toEqual([false, true])
      expect(authenticator.authenticate(start, signed, client)).toMatchObject({
        granted: true,
        username: 'user',
      })
    })

    test('takes a plain name as well', () => {
      const { authenticator } = pair({ username })
      const plain = new MessageBuilder(Method.allocate, MessageClass.request, new Uint8Array(12))
        .add(Username, 'user')
        .add(Realm, 'example.org')
        .add(Nonce, authenticator.makeNonce(start, client))
        .sign(nodeCrypto, longTermKey(nodeCrypto, 'user', 'example.org', 'secret'))
      expect(authenticator.authenticate(start, decode(plain.finish()), client)).toMatchObject({
        granted: true,
      })
    })

    test('refuses a hash that is nobody’s, or nobody’s any more, with 401', () => {
      index.remove('gone')
      const { authenticator } = pair({ username })
      for (const name of ['gone', 'never']) {
        const credentials = new LongTermCredentials(nodeCrypto, name, 'secret')
        credentials.learn(refuse(authenticator, request(credentials), 401), false)
        expect(authenticator.authenticate(start, request(credentials), client)).toEqual({
          granted: false,
          code: 401,
        })
      }
      expect(index.find(new Uint8Array(32))).toBeNull()
    })

    test('one that does not know them answers 400: there is no name', () => {
      const { authenticator } = pair()
      const hidden = new MessageBuilder(Method.allocate, MessageClass.request, new Uint8Array(12))
        .add(Userhash, userhash(nodeCrypto, 'user', 'example.org'))
        .add(Realm, 'example.org')
        .add(Nonce, authenticator.makeNonce(start, client))
        .sign(nodeCrypto, longTermKey(nodeCrypto, 'user', 'example.org', 'secret'))
      expect(authenticator.authenticate(start, decode(hidden.finish()), client)).toEqual({
        granted: false,
        code: 400,
      })
    })

    test('a nonce whose promise of anonymity was stripped is stale', () => {
      const { authenticator } = pair({ username })
      const nonce = authenticator.makeNonce(start, client)
      expect(authenticator.isFresh(start, nonce, client)).toBe(true)
      expect(authenticator.isFresh(start, nonce.replace('obMatJos2AAAC', 'obMatJos2AAAA'), client)).toBe(
        false,
      )
    })
  })

  test('an answer that is signed by another key or algorithm, or not at all, is none', () => {
    const { credentials } = challenged()
    const answer = () => MessageBuilder.success(request(credentials)).add(AlternateServer, client)
    expect(credentials.authenticate(decode(answer().sign(nodeCrypto, key()).finish()))).not.toBeNull()
    expect(credentials.authenticate(decode(answer().finish()))).toBeNull()
    expect(credentials.authenticate(decode(answer().sign(nodeCrypto, key(), 'sha256').finish()))).toBeNull()
    expect(
      credentials.authenticate(decode(answer().sign(nodeCrypto, new Uint8Array(16)).finish())),
    ).toBeNull()
  })

  test('nor one that is signed, but without the algorithms that its nonce promises', () => {
    const { authenticator, credentials } = challenged({ passwordHashes: ['sha256', 'md5'] })
    const asked = request(credentials)
    const outcome = authenticator.authenticate(start, asked, client)
    if (!outcome.granted) throw new Error('refused')
    const answer = (add: (builder: MessageBuilder) => MessageBuilder): StunMessage =>
      decode(add(MessageBuilder.success(asked)).sign(nodeCrypto, outcome.key, outcome.integrity).finish())
    const nonce = authenticator.makeNonce(start, client)
    expect(credentials.authenticate(answer((builder) => builder))).not.toBeNull()
    expect(credentials.authenticate(answer((builder) => builder.add(Nonce, nonce)))).toBeNull()
    expect(
      credentials.authenticate(
        answer((builder) => builder.add(Nonce, nonce).add(PasswordAlgorithms, [2, 1])),
      ),
    ).not.toBeNull()
  })

  test('a 401 of another realm is a challenge of its own', () => {
    const { credentials } = challenged()
    const other = pair({ realm: 'example.net' })
    expect(credentials.learn(refuse(other.authenticator, request(credentials), 401), true)).toBe(true)
    expect(credentials.realm).toBe('example.net')
  })

  test('before a challenge nothing is authentic and nothing is signed', () => {
    const { credentials } = pair()
    const signed = decode(bare().sign(nodeCrypto, key()).finish())
    expect(authenticate(nodeCrypto, signed, key())).not.toBeNull()
    expect(credentials.authenticate(signed)).toBeNull()
    expect(integrityOf(request(credentials))).toBeNull()
  })
})
