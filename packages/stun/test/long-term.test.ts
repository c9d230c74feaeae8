import { describe, expect, test } from '@jest/globals'
import { Millis } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  AlternateServer,
  authenticate,
  ErrorCode,
  integrityOf,
  longTermKey,
  LongTermAuthenticator,
  type LongTermConfig,
  LongTermCredentials,
  MessageBuilder,
  MessageClass,
  Method,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithms,
  Realm,
  StunMessage,
  transportAddress,
  Userhash,
  userhash,
  UserhashIndex,
  Username,
} from '../src/index.ts'

const client = transportAddress('192.0.2.7', 4242)
const start = Millis(1_000)

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

  test('before a challenge nothing is authentic and nothing is signed', () => {
    const { credentials } = pair()
    const signed = decode(bare().sign(nodeCrypto, key()).finish())
    expect(authenticate(nodeCrypto, signed, key())).not.toBeNull()
    expect(credentials.authenticate(signed)).toBeNull()
    expect(integrityOf(request(credentials))).toBeNull()
  })
})

function pair(config: Partial<LongTermConfig> = {}) {
  return {
    authenticator: new LongTermAuthenticator({
      crypto: nodeCrypto,
      realm: 'example.org',
      password: (username) => (username === 'user' ? 'secret' : null),
      ...config,
    }),
    credentials: new LongTermCredentials(nodeCrypto, 'user', 'secret'),
  }
}

function challenged(config: Partial<LongTermConfig> = {}) {
  const both = pair(config)
  both.credentials.learn(refuse(both.authenticator, request(both.credentials), 401), false)
  return both
}

function bare(): MessageBuilder {
  const id = new Uint8Array(12)
  nodeCrypto.randomFill(id)
  return new MessageBuilder(Method.binding, MessageClass.request, id)
}

function request(credentials: LongTermCredentials): StunMessage {
  return decode(credentials.sign(bare()).finish())
}

function refuse(
  authenticator: LongTermAuthenticator,
  message: StunMessage,
  code: 400 | 401 | 438,
  now: Millis = start,
): StunMessage {
  return decode(authenticator.refuse(now, message, client, code).finish())
}

function challenge(add: (builder: MessageBuilder) => MessageBuilder): StunMessage {
  return decode(add(MessageBuilder.error(decode(bare().finish()), 401).add(Realm, 'example.org')).finish())
}

function key(): Uint8Array {
  return longTermKey(nodeCrypto, 'user', 'example.org', 'secret')
}

function decode(wire: Uint8Array): StunMessage {
  const message = StunMessage.decode(wire)
  if (message === null) throw new Error('not well-formed')
  return message
}
