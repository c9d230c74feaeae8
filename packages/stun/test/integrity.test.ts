import { describe, expect, test } from '@jest/globals'
import { concatBytes, fromHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  type AttributeCodec,
  authenticate,
  type AuthenticatedMessage,
  integrityOf,
  MessageIntegrity,
  MessageIntegritySha256,
  opaqueAttribute,
  Priority,
  shortTermKey,
  Software,
  Username,
  XorMappedAddress,
} from '../src/index.ts'
import { decode, request } from './pair.ts'

const key = shortTermKey('secret')
const unknown = (type: number): AttributeCodec<Uint8Array> => opaqueAttribute(type, `0x${type.toString(16)}`)

describe('integrity', () => {
  test.each(['sha1', 'sha256'] as const)('%s signs and is checked', (algorithm) => {
    const wire = request().add(Username, 'u').sign(nodeCrypto, key, algorithm).finish()
    const message = decode(wire)
    expect(integrityOf(message)).toBe(algorithm)
    expect(authenticate(nodeCrypto, message, key)).toBe(message)
    expect(authenticate(nodeCrypto, message, shortTermKey('Secret'))).toBeNull()
    expect(authenticate(nodeCrypto, message, new Uint8Array(0))).toBeNull()
    expect(message.has(algorithm === 'sha1' ? MessageIntegrity : MessageIntegritySha256)).toBe(true)
  })

  test('a message without it is not authentic', () => {
    expect(authenticate(nodeCrypto, decode(request().finish()), key)).toBeNull()
    expect(integrityOf(decode(request().finish()))).toBeNull()
  })

  test('where both are present the stronger one decides', () => {
    const both = request().sign(nodeCrypto, key, 'sha1').sign(nodeCrypto, key, 'sha256').finish()
    expect(authenticate(nodeCrypto, decode(both), key)).not.toBeNull()
    const mixed = request()
      .sign(nodeCrypto, key, 'sha1')
      .sign(nodeCrypto, shortTermKey('x'), 'sha256')
      .finish()
    expect(authenticate(nodeCrypto, decode(mixed), key)).toBeNull()
  })

  test.each([
    ['sha1', 0x0008, 20],
    ['sha256', 0x001c, 32],
  ] as const)('of two of one kind the first one counts: %s', (algorithm, type, length) => {
    const signed = request().add(Username, 'u').sign(nodeCrypto, key, algorithm).build()
    const doubled = concatBytes(signed, Uint8Array.of(type >> 8, type, 0, length), new Uint8Array(length))
    doubled[3] = doubled.length - 20
    expect(authenticate(nodeCrypto, decode(doubled), key)).not.toBeNull()
  })

  test.each([
    ['sha1', 20],
    ['sha256', 32],
  ] as const)(
    'a %s that says to be shorter than it is is none, though all of it is there',
    (algorithm, length) => {
      // What is cut off must read as an attribute that fits: one of 256 does.
      for (let i = 0; ; i++) {
        const wire = request().add(Priority, i).sign(nodeCrypto, key, algorithm).build()
        const at = wire.length - length - 4
        if (wire[wire.length - 2] !== 0) continue
        const tail = (wire[wire.length - 1]! + 3) & ~3
        const cut = concatBytes(wire, new Uint8Array(tail))
        cut[2] = (cut.length - 20) >> 8
        cut[3] = cut.length - 20
        expect(authenticate(nodeCrypto, decode(cut), key)).not.toBeNull()
        cut[at + 3] = length - 4
        expect(authenticate(nodeCrypto, decode(cut), key)).toBeNull()
        return
      }
    },
  )

  test('RFC 8489 §14.5: what follows it is invisible', () => {
    const signed = request().add(Username, 'u').sign(nodeCrypto, key).build()
    const smuggled = concatBytes(
      signed,
      fromHex('802200047878787800240004000000ff00060004 61646d6e 7001000000200008 0001a147e112a643'),
    )
    smuggled[3] = smuggled.length - 20
    const message = decode(smuggled)
    expect(authenticate(nodeCrypto, message, key)).not.toBeNull()
    for (const codec of [Software, Priority, XorMappedAddress]) {
      expect(message.has(codec)).toBe(false)
      expect(message.get(codec as AttributeCodec<unknown>)).toBeUndefined()
    }
    expect(message.getAll(Username)).toEqual(['u'])
    expect(message.unknownComprehensionRequired(new Set([Username.type]))).toEqual([])
    expect([...message.attributes()]).toHaveLength(1)
  })

  test('§14.6: nor does MESSAGE-INTEGRITY count behind the SHA-256 kind, or a second one at all', () => {
    const sha256 = request().sign(nodeCrypto, key, 'sha256').build()
    const sha1 = request().sign(nodeCrypto, key, 'sha1').build()
    const turned = concatBytes(sha256, sha1.subarray(20))
    turned[3] = turned.length - 20
    expect(decode(turned).integrityAt).toBe(-1)
    expect(authenticate(nodeCrypto, decode(turned), key)).not.toBeNull()
    const twice = concatBytes(sha1, sha1.subarray(20))
    twice[3] = twice.length - 20
    expect(decode(twice).getAll(MessageIntegrity)).toHaveLength(1)
  })

  test.each([
    ['MESSAGE-INTEGRITY', MessageIntegrity.type, [0, 4, 16, 19, 24]],
    ['MESSAGE-INTEGRITY-SHA256', MessageIntegritySha256.type, [0, 4, 16, 28, 31, 36]],
  ])('%s of any other length is not authentic', (_name, type, lengths) => {
    for (const length of lengths) {
      // Truncated from the true one where it is shorter: the beginning alone must not do.
      const whole = decode(
        request()
          .sign(nodeCrypto, key, type === 0x0008 ? 'sha1' : 'sha256')
          .build(),
      )
      const value = concatBytes(whole.wire.subarray(24), new Uint8Array(8)).subarray(0, length)
      const message = decode(request().add(unknown(type), value).build())
      expect(authenticate(nodeCrypto, message, key)).toBeNull()
    }
  })

  test('only authenticate makes an AuthenticatedMessage', () => {
    const trust = (message: AuthenticatedMessage): string | undefined => message.get(Username)
    const message = decode(request().add(Username, 'u').sign(nodeCrypto, key).finish())
    // @ts-expect-error a decoded message is not an authenticated one
    expect(trust(message)).toBe('u')
    // @ts-expect-error nor is null
    expect(() => trust(authenticate(nodeCrypto, message, new Uint8Array(1)))).toThrow(TypeError)
    const authentic = authenticate(nodeCrypto, message, key)
    expect(authentic === null ? null : trust(authentic)).toBe('u')
  })
})
