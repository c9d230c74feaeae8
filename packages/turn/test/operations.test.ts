import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import {
  AccessToken,
  AdditionalAddressFamily,
  AddressErrorCode,
  AlternateServer,
  longTermKey,
  MessageBuilder,
  MessageClass,
  Method,
  Nonce,
  openAccessToken,
  Realm,
  RequestedTransport,
  sealAccessToken,
  ThirdPartyAuthorization,
  transportAddress,
  Username,
  XorRelayedAddress,
} from '@purertc/stun'

import { DraftAdditionalAddressFamily, DraftAddressErrorCode } from '../src/server/draft-attributes.ts'
import { usersOf } from '../src/node/users.ts'
import { sharedSecretPassword } from '../src/index.ts'
import { ann, bob, ServerBench } from './server-bench.ts'

const both = (m: MessageBuilder): MessageBuilder =>
  m.add(RequestedTransport, 17).add(AdditionalAddressFamily, 'IPv6')
const draftBoth = (m: MessageBuilder): MessageBuilder =>
  m.add(RequestedTransport, 17).add(DraftAdditionalAddressFamily, 'IPv6')

describe('RFC 8656 §7.2: one of two families', () => {
  test('IPv6 alone, where the server has no IPv4, and says so', () => {
    const answer = new ServerBench({ families: ['IPv6'] }).ask(Method.allocate, both)
    expect(answer.getAll(XorRelayedAddress)).toMatchObject([{ family: 'IPv6' }])
    expect(answer.get(AddressErrorCode)).toMatchObject({ family: 'IPv4', code: 440 })
  })

  test('IPv6 alone, where all ports of IPv4 are taken, or cannot be bound', () => {
    const bench = new ServerBench({ families: ['IPv4', 'IPv6'], portRange: { min: 5_000, max: 5_000 } })
    bench.allocate(bob)
    expect(bench.ask(Method.allocate, both).get(AddressErrorCode)).toMatchObject({
      family: 'IPv4',
      code: 508,
    })
    const failing = new ServerBench({ families: ['IPv4', 'IPv6'] })
    failing.opensRelays = false
    failing.deliver(failing.request(Method.allocate, both))
    for (let i = 0; i < 8; i++) failing.server.relayFailed(failing.now, 1)
    expect(failing.opened.at(-1)?.relay).toBe(2)
    failing.server.relayOpened(failing.now, 2, transportAddress('2001:db8::1', 50_000))
    const answer = failing.reply()
    expect(answer.getAll(XorRelayedAddress)).toMatchObject([{ family: 'IPv6' }])
    expect(answer.get(AddressErrorCode)).toMatchObject({ family: 'IPv4', code: 508 })
    failing.server.close()
    expect(failing.server.load).toMatchObject({ allocations: 0, ports: 0, users: 0 })
  })

  test('508 where neither can be had', () => {
    const bench = new ServerBench({ families: ['IPv4', 'IPv6'] })
    bench.opensRelays = false
    bench.deliver(bench.request(Method.allocate, both))
    for (let i = 0; i < 16; i++) bench.server.relayFailed(bench.now, bench.opened.at(-1)?.relay ?? 0)
    expect(bench.server.answered.get('508')).toBe(1)
    expect(bench.server.load).toMatchObject({ allocations: 0, opening: 0, ports: 0, users: 0 })
  })

  test('who asks by the number of the draft is answered by that', () => {
    const dual = new ServerBench({ families: ['IPv4', 'IPv6'] }).ask(Method.allocate, draftBoth)
    expect(dual.getAll(XorRelayedAddress)).toMatchObject([{ family: 'IPv4' }, { family: 'IPv6' }])
    const single = new ServerBench().ask(Method.allocate, draftBoth)
    expect(single.has(AddressErrorCode)).toBe(false)
    expect(single.get(DraftAddressErrorCode)).toMatchObject({ family: 'IPv6', code: 440 })
  })
})

test('a drained server names another of the client’s family (300), and is deaf to others (508)', () => {
  const bench = new ServerBench()
  bench.allocate(bob)
  const alternate = transportAddress('198.51.100.200', 3478)
  bench.server.drain([transportAddress('2001:db8::2', 3478), alternate])
  const answer = bench.ask(Method.allocate, (m) => m.add(RequestedTransport, 17))
  expect(answer.class).toBe(MessageClass.errorResponse)
  expect(answer.get(AlternateServer)).toEqual(alternate)
  expect(answer.integrityAt).toBeGreaterThan(0)
  expect(bench.codeOf(Method.refresh, undefined, bob)).toBe(0)
  bench.server.drain([transportAddress('2001:db8::2', 3478)])
  expect(bench.codeOf(Method.allocate, (m) => m.add(RequestedTransport, 17))).toBe(508)
})

describe('secrets that are replaced', () => {
  test('each of several passwords is good, and no other', () => {
    const bench = new ServerBench({ authenticate: (name) => (name === 'ann' ? ['new', 'old'] : null) })
    for (const [password, code] of [
      ['new', 437],
      ['old', 437],
      ['older', 401],
    ] as const)
      expect(bench.codeOf(Method.refresh, undefined, ann, { password })).toBe(code)
  })

  test('time-limited users of the old secret and the new one, and of one that is set at run time', () => {
    const name = '4000000000:ann'
    const of = (secret: string): string => sharedSecretPassword(nodeCrypto, secret, name, 0) ?? ''
    expect(usersOf({ sharedSecret: ['new', 'old'] }, nodeCrypto).known(name)).toEqual([of('new'), of('old')])
    let secret = 'first'
    const users = usersOf({ sharedSecret: () => secret }, nodeCrypto)
    expect(users.known(name)).toEqual([of('first')])
    secret = 'second'
    expect(users.known(name)).toEqual([of('second')])
    expect(() => usersOf({ sharedSecret: [] }, nodeCrypto)).toThrow('authenticate or sharedSecret')
    expect(usersOf({ sharedSecret: () => '' }, nodeCrypto).known(name)).toBeNull()
  })

  test('nonces of servers that share a secret are good for each other, whatever their clocks say', () => {
    const secret = new Uint8Array(32).fill(7)
    const here = new ServerBench({ nonces: { secret, clockOffset: 500 } })
    const there = new ServerBench({ nonces: { secret, clockOffset: 1_000_500 } })
    there.now = (here.now - 1_000_000) as typeof here.now
    const nonce = here.nonce()
    expect(there.codeOf(Method.refresh, undefined, ann, { nonce })).toBe(437)
    expect(new ServerBench().codeOf(Method.refresh, undefined, ann, { nonce })).toBe(438)
    there.advance(600_000)
    expect(there.codeOf(Method.refresh, undefined, ann, { nonce })).toBe(438)
    expect(() => new ServerBench({ nonces: { secret: new Uint8Array(31) } })).toThrow('32 bytes')
  })
})

describe('RFC 7635: users of an authorization server', () => {
  const serverName = 'turn.example.org'
  const sealKey = new Uint8Array(32).fill(3)
  const macKey = new Uint8Array(20).fill(4)
  let now = 1_800_000_000
  const accessTokens = {
    serverName,
    open: (keyId: string, token: Uint8Array): Uint8Array | null =>
      keyId === 'key-1'
        ? (openAccessToken(nodeCrypto, sealKey, serverName, token, now)?.macKey ?? null)
        : null,
  }
  const seal = (name = serverName): Uint8Array =>
    sealAccessToken(nodeCrypto, sealKey, name, { macKey, issuedAt: now + 0.5, lifetime: 60 })

  function codeOf(bench: ServerBench, token: Uint8Array, keyId = 'key-1', key = macKey): number | undefined {
    const nonce = bench.nonce()
    const message = new MessageBuilder(Method.allocate, MessageClass.request, bench.newTransactionId())
      .add(RequestedTransport, 17)
      .add(Username, keyId)
      .add(Realm, 'example.org')
      .add(Nonce, nonce)
      .add(AccessToken, token)
    bench.deliver(message.sign(nodeCrypto, key).finish())
    bench.reply()
    return Number(Object.keys(bench.server.answered.snapshot()).at(-1))
  }

  test('are challenged with the server’s name, and served by the key in their token', () => {
    const bench = new ServerBench({ accessTokens })
    bench.deliver(new MessageBuilder(Method.allocate, MessageClass.request, bench.newTransactionId()).build())
    expect(bench.reply().get(ThirdPartyAuthorization)).toBe(serverName)
    codeOf(bench, seal())
    expect(bench.events).toEqual(['created key-1'])
  })

  test.each([
    ['of another server', () => seal('turn.example.com'), 'key-1', macKey],
    ['of a key that we do not have', () => seal(), 'key-2', macKey],
    ['that was tampered with', () => seal().map((byte, i) => (i === 20 ? byte ^ 1 : byte)), 'key-1', macKey],
    ['of somebody who does not know what is in it', () => seal(), 'key-1', new Uint8Array(20)],
    ['that is none', () => Uint8Array.of(0), 'key-1', macKey],
  ])('401 for a token %s', (_case, token, keyId, key) => {
    const bench = new ServerBench({ accessTokens })
    codeOf(bench, token(), keyId, key)
    expect(bench.server.answered.snapshot()).toEqual({ 401: 2 })
    expect(bench.events).toEqual([])
  })

  test('401 for a token whose time is over, or is to come', () => {
    const token = seal()
    for (const shift of [70, -10]) {
      const bench = new ServerBench({ accessTokens })
      now += shift
      codeOf(bench, token)
      now -= shift
      expect(bench.server.answered.snapshot()).toEqual({ 401: 2 })
    }
  })

  test('users with passwords are served beside them', () => {
    const bench = new ServerBench({ accessTokens })
    bench.allocate()
    expect(bench.events).toEqual(['created ann'])
    expect(longTermKey(nodeCrypto, 'ann', 'example.org', 'secret')).toHaveLength(16)
  })
})
