import { concatBytes, fromHex, toHex } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { type Aead, type AeadAlgorithm, aeadSizes } from '../src/index.ts'
import { crossings, fault, providers } from './providers.ts'
import { aeadVectors } from './vectors/aead.ts'

const algorithms = Object.keys(aeadSizes) as AeadAlgorithm[]

const seal = (aead: Aead, nonce: Uint8Array, aad: Uint8Array, plaintext: Uint8Array): Uint8Array => {
  const into = new Uint8Array(plaintext.length + aead.tagLength)
  expect(aead.seal(nonce, aad, plaintext, into, 0)).toBe(into.length)
  return into
}

const open = (aead: Aead, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | null => {
  const into = new Uint8Array(sealed.length)
  const length = aead.open(nonce, aad, sealed, into, 0)
  if (length < 0) expect(into).toEqual(new Uint8Array(sealed.length))
  return length < 0 ? null : into.subarray(0, length)
}

const input = fc.record({
  algorithm: fc.constantFrom(...algorithms),
  key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  aad: fc.uint8Array({ maxLength: 40 }),
  plaintext: fc.uint8Array({ maxLength: 1_300 }),
})

const keyFor = (algorithm: AeadAlgorithm, key: Uint8Array): Uint8Array =>
  key.subarray(0, aeadSizes[algorithm].key)

describe.each(providers)('AEADs of the $name provider', ({ provider }) => {
  test.each(aeadVectors)('$name', ({ algorithm, key, nonce, aad, plaintext, ciphertext, tag }) => {
    const aead = provider.createAead(algorithm, key)
    expect(aead.algorithm).toBe(algorithm)
    expect(toHex(seal(aead, nonce, aad, plaintext))).toBe(ciphertext + tag)
    expect(open(aead, nonce, aad, fromHex(ciphertext + tag))).toEqual(plaintext)
  })

  test('any change of key, nonce, additional data, text or tag is found', () => {
    fc.assert(
      fc.property(
        input,
        fc.nat(),
        fc.nat({ max: 7 }),
        ({ algorithm, key, nonce, aad, plaintext }, at, bit) => {
          const aead = provider.createAead(algorithm, keyFor(algorithm, key))
          const sealed = seal(aead, nonce, aad, plaintext)
          const flip = (bytes: Uint8Array): Uint8Array => {
            const flipped = bytes.slice()
            flipped[at % flipped.length]! ^= 1 << bit
            return flipped
          }
          expect(open(aead, nonce, aad, flip(sealed))).toBeNull()
          expect(open(aead, flip(nonce), aad, sealed)).toBeNull()
          if (aad.length > 0) expect(open(aead, nonce, flip(aad), sealed)).toBeNull()
          expect(open(aead, nonce, concatBytes(aad, Uint8Array.of(0)), sealed)).toBeNull()
          const otherKey = provider.createAead(algorithm, flip(keyFor(algorithm, key)))
          expect(open(otherKey, nonce, aad, sealed)).toBeNull()
          expect(open(aead, nonce, aad, sealed)).toEqual(plaintext)
        },
      ),
      { numRuns: 50 },
    )
  })

  test.each(algorithms)(
    '%s: a text that is cut, or longer, or shorter than a tag is not authentic',
    (algorithm) => {
      const aead = provider.createAead(algorithm, new Uint8Array(aeadSizes[algorithm].key))
      const nonce = new Uint8Array(12)
      const aad = new Uint8Array(13)
      const sealed = seal(aead, nonce, aad, new Uint8Array(40))
      for (let length = 0; length < sealed.length; length++)
        expect(open(aead, nonce, aad, sealed.subarray(0, length))).toBeNull()
      expect(open(aead, nonce, aad, concatBytes(sealed, Uint8Array.of(0)))).toBeNull()
      expect(open(aead, nonce, aad, sealed.subarray(1))).toBeNull()
    },
  )

  test.each(algorithms)('%s: every bit of the tag counts', (algorithm) => {
    const aead = provider.createAead(algorithm, new Uint8Array(aeadSizes[algorithm].key))
    const nonce = new Uint8Array(12)
    const sealed = seal(aead, nonce, nonce, new Uint8Array(3))
    for (let bit = 0; bit < 8 * aead.tagLength; bit++) {
      const forged = sealed.slice()
      forged[3 + (bit >> 3)]! ^= 1 << (bit & 7)
      expect(open(aead, nonce, nonce, forged)).toBeNull()
    }
  })

  test('works in place and at an offset, and touches nothing else', () => {
    fc.assert(
      fc.property(input, fc.nat({ max: 40 }), ({ algorithm, key, nonce, aad, plaintext }, at) => {
        const aead = provider.createAead(algorithm, keyFor(algorithm, key))
        const buffer = new Uint8Array(at + plaintext.length + aead.tagLength + 5).fill(0xee)
        buffer.set(plaintext, at)
        const length = aead.seal(nonce, aad, buffer.subarray(at, at + plaintext.length), buffer, at)
        expect(length).toBe(plaintext.length + aead.tagLength)
        const sealed = buffer.subarray(at, at + length)
        expect(sealed).toEqual(seal(aead, nonce, aad, plaintext))
        expect(aead.open(nonce, aad, sealed, buffer, at)).toBe(plaintext.length)
        expect(buffer.subarray(at, at + plaintext.length)).toEqual(plaintext)
        expect([...buffer.subarray(0, at), ...buffer.subarray(at + length)]).toEqual(
          new Array<number>(at + 5).fill(0xee),
        )
      }),
      { numRuns: 50 },
    )
  })

  test('the key is copied', () => {
    for (const algorithm of algorithms) {
      const key = new Uint8Array(aeadSizes[algorithm].key).fill(1)
      const aead = provider.createAead(algorithm, key)
      const before = seal(aead, new Uint8Array(12), new Uint8Array(0), new Uint8Array(5))
      key.fill(2)
      expect(seal(aead, new Uint8Array(12), new Uint8Array(0), new Uint8Array(5))).toEqual(before)
    }
  })

  test.each(algorithms)('%s refuses keys and nonces of other lengths', (algorithm) => {
    for (const length of [0, 12, 15, 17, 24, 31, 33].filter((length) => length !== aeadSizes[algorithm].key))
      expect(fault(() => provider.createAead(algorithm, new Uint8Array(length)))).toBe('invalid-key')
    const aead = provider.createAead(algorithm, new Uint8Array(aeadSizes[algorithm].key))
    const text = new Uint8Array(40)
    for (const length of [0, 8, 11, 13, 16]) {
      const nonce = new Uint8Array(length)
      expect(fault(() => aead.seal(nonce, text, text, new Uint8Array(60), 0))).toBe('invalid-nonce')
      expect(fault(() => aead.open(nonce, text, text, new Uint8Array(60), 0))).toBe('invalid-nonce')
    }
  })

  test('CCM writes the length of additional data in two bytes or in six (RFC 3610 §2.2)', () => {
    const aead = provider.createAead('aes-128-ccm-8', new Uint8Array(16))
    const tagOf = (aadLength: number): string =>
      toHex(seal(aead, new Uint8Array(12), new Uint8Array(aadLength), new Uint8Array(3)))
    // As OpenSSL has them.
    expect([0xfeff, 0xff00, 0x1_0001].map(tagOf)).toEqual([
      '6ec75f850a8cb5fbeb0a6d',
      '6ec75f71049d1ef811ec1c',
      '6ec75f9243ed50977e6fc2',
    ])
  })

  test('CCM takes less than 16 MiB (RFC 6655 §3)', () => {
    const aead = provider.createAead('aes-128-ccm-8', new Uint8Array(16))
    const [nonce, none] = [new Uint8Array(12), new Uint8Array(0)]
    const long = new Uint8Array(0x100_0008)
    const rangeError: unknown = expect.objectContaining({ name: 'RangeError' })
    expect(() => aead.seal(nonce, none, long.subarray(8), long, 0)).toThrow(rangeError)
    expect(aead.open(nonce, none, long, long, 0)).toBe(-1)
  })

  test('a destination that is too short is a RangeError', () => {
    const rangeError: unknown = expect.objectContaining({ name: 'RangeError' })
    const aead = provider.createAead('aes-128-gcm', new Uint8Array(16))
    const nonce = new Uint8Array(12)
    const sealed = seal(aead, nonce, nonce, new Uint8Array(20))
    expect(() => aead.seal(nonce, nonce, new Uint8Array(20), new Uint8Array(35), 0)).toThrow(rangeError)
    expect(() => aead.open(nonce, nonce, sealed, new Uint8Array(30), 11)).toThrow(rangeError)
  })
})

test.each(crossings)('$name: what one seals the other opens', ({ one, other }) => {
  fc.assert(
    fc.property(input, ({ algorithm, key, nonce, aad, plaintext }) => {
      const sealed = seal(one.createAead(algorithm, keyFor(algorithm, key)), nonce, aad, plaintext)
      expect(open(other.createAead(algorithm, keyFor(algorithm, key)), nonce, aad, sealed)).toEqual(plaintext)
    }),
  )
})
