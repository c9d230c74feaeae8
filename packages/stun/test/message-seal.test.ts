import { describe, expect, test } from '@jest/globals'
import { concatBytes } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import {
  authenticate,
  MessageSeal,
  opaqueAttribute,
  Priority,
  SEAL_LENGTH,
  shortTermKey,
  Software,
  StunMessage,
  Username,
} from '../src/index.ts'
import { crc32 } from '../src/crc32.ts'
import { request } from './pair.ts'

const key = shortTermKey('a password of some length')
const seal = new MessageSeal(nodeCrypto, key)
const signed = (): Uint8Array =>
  Uint8Array.from(request().add(Username, 'peer:me').add(Priority, 7).sign(nodeCrypto, key).finish())

/** With a FINGERPRINT that is right, whatever else is not. */
function fingerprinted(bytes: Uint8Array): Uint8Array {
  const end = bytes.length - 8
  new DataView(bytes.buffer).setUint32(end + 4, crc32(bytes, end) ^ 0x5354_554e)
  return bytes
}

describe('the seal of a message', () => {
  test('of any message that was built is right, and made again it is the same', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 60 }), fc.uint8Array({ maxLength: 700 }), (name, value) => {
        const wire = Uint8Array.from(
          request()
            .add(Username, name)
            .add(opaqueAttribute(0x9000, 'X'), value)
            .sign(nodeCrypto, key)
            .finish(),
        )
        expect(seal.verify(wire)).toBe(wire)
        const again = Uint8Array.from(wire).fill(0, wire.length - SEAL_LENGTH)
        again.fill(0, 2, 4)
        seal.apply(again)
        expect(again).toEqual(wire)
      }),
    )
  })

  test('no byte of a message can be changed, not even with a FINGERPRINT that fits', () => {
    const wire = signed()
    for (let at = 0; at < wire.length; at++)
      for (const bit of [1, 0x80]) {
        const changed = signed()
        changed[at]! ^= bit
        expect(seal.verify(changed)).toBeNull()
        if (at < wire.length - 8) expect(seal.verify(fingerprinted(changed))).toBeNull()
      }
  })

  test('of another key, of another kind, without FINGERPRINT or integrity: for others to judge', () => {
    const message = () => request().add(Username, 'u')
    expect(new MessageSeal(nodeCrypto, shortTermKey('other')).verify(signed())).toBeNull()
    expect(seal.verify(message().sign(nodeCrypto, key, 'sha256').finish())).toBeNull()
    expect(seal.verify(message().sign(nodeCrypto, key).sign(nodeCrypto, key, 'sha256').finish())).toBeNull()
    expect(seal.verify(message().sign(nodeCrypto, key).build())).toBeNull()
    expect(seal.verify(message().finish())).toBeNull()
    expect(seal.verify(new Uint8Array(0))).toBeNull()
  })

  test('is the last and the only one', () => {
    const inner = signed()
    expect(seal.verify(concatBytes(inner, new Uint8Array(4)))).toBeNull()
    // A message that is sealed as a whole, with a seal within: what follows that is to be ignored.
    const outer = concatBytes(inner.subarray(0, -8), new Uint8Array(SEAL_LENGTH))
    seal.apply(outer)
    expect(seal.verify(outer)).toBeNull()
    const within = concatBytes(inner, new Uint8Array(SEAL_LENGTH))
    seal.apply(within)
    expect(seal.verify(within)).toBeNull()
  })

  test.each([
    ['FINGERPRINT', 0x8028, 4],
    ['MESSAGE-INTEGRITY-SHA256', 0x001c, 32],
    ['MESSAGE-INTEGRITY', 0x0008, 20],
  ])('is not looked at behind another %s', (name, type, length) => {
    const front = request().add(opaqueAttribute(type, name), new Uint8Array(length)).build()
    const bytes = concatBytes(front, new Uint8Array(SEAL_LENGTH))
    seal.apply(bytes)
    expect(seal.verify(bytes)).toBeNull()
    // The same attribute under a type without meaning is no harm.
    bytes.set([0x90, 0x00], 20)
    seal.apply(bytes)
    expect(seal.verify(bytes)).toBe(bytes)
  })

  test('says yes to nothing that decoding and authenticating would refuse', () => {
    const wire = Uint8Array.from(request().add(Software, 'abc').sign(nodeCrypto, key).finish())
    const cut = fc.tuple(fc.nat(wire.length), fc.uint8Array({ maxLength: 12 }), fc.nat(8))
    fc.assert(
      fc.property(cut, fc.boolean(), ([at, inserted, removed], isResealed) => {
        const bytes = concatBytes(wire.subarray(0, at), inserted, wire.subarray(at + removed))
        if (isResealed && bytes.length >= 20 + SEAL_LENGTH) seal.apply(bytes)
        if (seal.verify(bytes) === null) return
        const message = StunMessage.decode(bytes)
        expect(message === null ? null : authenticate(nodeCrypto, message, key)).not.toBeNull()
      }),
      { numRuns: 2_000 },
    )
  })
})
