import { describe, expect, test } from '@jest/globals'
import { fromHex, toHex, toUtf8 } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  authenticate,
  IceControlled,
  integrityOf,
  longTermKey,
  MessageBuilder,
  MessageClass,
  Method,
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  Priority,
  Realm,
  shortTermKey,
  Software,
  StunMessage,
  Userhash,
  userhash,
  Username,
  XorMappedAddress,
} from '../src/index.ts'
import { type StunVector, vectors } from './vectors/rfc5769.ts'

describe.each(vectors)('$section', (vector) => {
  const wire = fromHex(vector.wire)
  const key = keyOf(vector)

  test('decodes and is authentic', () => {
    const message = decode(wire)
    expect(integrityOf(message)).toBe(vector.integrity)
    expect(message.hasFingerprint).toBe(vector.hasFingerprint)
    expect(authenticate(nodeCrypto, message, key)).toBe(message)
  })

  test('no byte that integrity covers can change, nor of integrity itself', () => {
    const end = vector.hasFingerprint ? wire.length - 8 : wire.length
    for (let at = 0; at < end; at++) {
      const changed = wire.slice()
      changed[at]! ^= 1
      const message = StunMessage.decode(changed)
      expect(message === null || authenticate(nodeCrypto, message, key) === null).toBe(true)
    }
  })

  test('another key does not fit', () => {
    const other = keyOf({ ...vector, key: { ...vector.key, password: `${vector.key.password} ` } })
    expect(authenticate(nodeCrypto, decode(wire), other)).toBeNull()
  })
})

describe('what the vectors say', () => {
  test('§2.1', () => {
    const message = decode(fromHex(vectors[0]!.wire))
    expect(message.method).toBe(Method.binding)
    expect(message.class).toBe(MessageClass.request)
    expect(toHex(message.transactionId)).toBe('b7e7a701bc34d686fa87dfae')
    expect(message.get(Software)).toBe('STUN test client')
    expect(message.get(Priority)).toBe(0x6e0001ff)
    expect(message.get(IceControlled)).toBe(0x932f_f9b1_5126_3b36n)
    expect(message.get(Username)).toBe('evtj:h6vY')
  })

  test('§2.2 and §2.3', () => {
    const ipv4 = decode(fromHex(vectors[1]!.wire))
    expect(ipv4.class).toBe(MessageClass.successResponse)
    expect(ipv4.get(Software)).toBe('test vector')
    expect(ipv4.get(XorMappedAddress)).toEqual({ family: 'IPv4', address: '192.0.2.1', port: 32853 })
    expect(decode(fromHex(vectors[2]!.wire)).get(XorMappedAddress)).toEqual({
      family: 'IPv6',
      address: '2001:db8:1234:5678:11:2233:4455:6677',
      port: 32853,
    })
  })

  test('§2.4 is written again byte for byte', () => {
    const vector = vectors[3]!
    const wire = fromHex(vector.wire)
    const { username, realm } = vector.key as Required<StunVector['key']>
    const built = new MessageBuilder(Method.binding, MessageClass.request, wire.subarray(8, 20))
      .add(Username, username)
      .add(Nonce, 'f//499k954d6OL34oL9FSTvy64sA')
      .add(Realm, realm)
      .sign(nodeCrypto, keyOf(vector))
      .build()
    expect(toHex(built)).toBe(toHex(wire))
  })

  test('§B.1 is written again byte for byte', () => {
    const vector = vectors[4]!
    const wire = fromHex(vector.wire)
    const { username, realm } = vector.key as Required<StunVector['key']>
    const built = new MessageBuilder(Method.binding, MessageClass.request, wire.subarray(8, 20))
      .add(Userhash, userhash(nodeCrypto, username, realm))
      .add(Nonce, 'obMatJos2AAACf//499k954d6OL34oL9FSTvy64sA')
      .add(Realm, realm)
      .add(PasswordAlgorithm, PasswordAlgorithmNumber.sha256)
      .sign(nodeCrypto, keyOf(vector), 'sha256')
      .build()
    expect(toHex(built)).toBe(toHex(wire))
  })
})

describe('keys', () => {
  test('RFC 8489 §9.2.2: MD5("user:realm:pass")', () => {
    expect(toHex(longTermKey(nodeCrypto, 'user', 'realm', 'pass'))).toBe('8493fbc53ba582fb4c044c456bdc40eb')
  })

  test('OpaqueString: other spaces become U+0020, and text is composed', () => {
    expect(shortTermKey('a\u00a0b\u0065\u0301')).toEqual(toUtf8('a b\u00e9'))
  })
})

function keyOf({ key, hash = 'md5' }: Pick<StunVector, 'key' | 'hash'>): Uint8Array {
  return key.username === undefined || key.realm === undefined
    ? shortTermKey(key.password)
    : longTermKey(nodeCrypto, key.username, key.realm, key.password, hash)
}

function decode(wire: Uint8Array): StunMessage {
  const message = StunMessage.decode(wire)
  if (message === null) throw new Error('not well-formed')
  return message
}
