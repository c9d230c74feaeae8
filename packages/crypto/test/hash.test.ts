import { createHmac } from 'node:crypto'

import { concatBytes, toHex } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { hashSizes, type HashAlgorithm } from '../src/index.ts'
import { Entropy } from '../src/node/entropy.ts'
import { nodeCrypto } from '../src/node/index.ts'
import { nobleCrypto, providers } from './providers.ts'
import { hashVectors } from './vectors/hash.ts'
import { hmacVectors } from './vectors/hmac.ts'

const algorithms = Object.keys(hashSizes) as HashAlgorithm[]
const algorithm = fc.constantFrom(...algorithms)
const bytes = fc.uint8Array({ maxLength: 300 })

describe.each(providers)('hashes of the $name provider', ({ provider }) => {
  test.each(hashVectors)('$algorithm of $name', ({ algorithm, message, digest }) => {
    expect(toHex(provider.hash(algorithm, message))).toBe(digest)
    const middle = message.length >> 1
    expect(toHex(provider.hash(algorithm, message.subarray(0, middle), message.subarray(middle)))).toBe(
      digest,
    )
  })

  test.each(hmacVectors)('HMAC of $algorithm, $name', ({ algorithm, key, data, mac }) => {
    expect(toHex(provider.hmac(algorithm, key, data)).slice(0, mac.length)).toBe(mac)
    expect(
      toHex(provider.hmac(algorithm, key, data.subarray(0, 7), data.subarray(7))).slice(0, mac.length),
    ).toBe(mac)
  })

  test('a running hash can be read at any time and goes on', () => {
    fc.assert(
      fc.property(algorithm, fc.array(bytes), (algorithm, parts) => {
        const hash = provider.createHash(algorithm)
        parts.forEach((part, i) => {
          hash.update(part)
          const soFar = provider.hash(algorithm, ...parts.slice(0, i + 1))
          expect(hash.digest()).toEqual(soFar)
          expect(hash.digest()).toEqual(soFar)
        })
      }),
      { numRuns: 30 },
    )
  })

  test('digests have their size, are the caller’s, and no Buffers', () => {
    for (const algorithm of algorithms) {
      const hash = provider.createHash(algorithm)
      const results = [
        provider.hash(algorithm),
        hash.digest(),
        provider.hmac(algorithm, new Uint8Array(1), new Uint8Array(1)),
      ]
      for (const result of results) {
        expect(Buffer.isBuffer(result)).toBe(false)
        expect(result).toHaveLength(hashSizes[algorithm])
        result.fill(0)
      }
      expect(hash.digest()).toEqual(provider.hash(algorithm))
    }
  })

  test('no parts are the empty message, and an empty key is a key', () => {
    for (const algorithm of algorithms) {
      const empty = new Uint8Array(0)
      expect(provider.hash(algorithm)).toEqual(provider.hash(algorithm, empty))
      expect(provider.hmac(algorithm, empty)).toEqual(provider.hmac(algorithm, empty, empty))
    }
  })

  test('randomFill fills just the array it is given', () => {
    const buffer = new Uint8Array(300)
    provider.randomFill(buffer.subarray(20, 280))
    expect(buffer.subarray(0, 20)).toEqual(new Uint8Array(20))
    expect(buffer.subarray(280)).toEqual(new Uint8Array(20))
    expect(new Set(buffer.subarray(20, 280)).size).toBeGreaterThan(100)
    provider.randomFill(new Uint8Array(0))
  })
})

test('a short HMAC is that of OpenSSL, whichever way it is made', () => {
  fc.assert(
    fc.property(algorithm, bytes, fc.array(bytes, { maxLength: 3 }), (algorithm, key, parts) => {
      const theirs = createHmac(algorithm, key)
        .update(concatBytes(...parts))
        .digest('hex')
      expect(toHex(nodeCrypto.hmac(algorithm, key, ...parts))).toBe(theirs)
    }),
  )
})

test.each(providers)('$name: an HMAC that keeps its key is the one that is given it', ({ provider }) => {
  fc.assert(
    fc.property(
      algorithm,
      bytes,
      fc.array(bytes, { minLength: 1, maxLength: 4 }),
      (algorithm, key, messages) => {
        const expected = messages.map((message) => provider.hmac(algorithm, key, message))
        const hmac = provider.createHmac(algorithm, key)
        key.fill(0)
        const into = new Uint8Array(70).fill(9)
        for (const [i, message] of messages.entries()) {
          // What others sign meanwhile is nothing to it.
          provider.hmac(algorithm, message, message)
          hmac.compute(Uint8Array.of(...message, 1, 2), message.length, into)
          expect(into.subarray(0, hashSizes[algorithm])).toEqual(expected[i])
          expect(into.subarray(hashSizes[algorithm])).toEqual(
            new Uint8Array(70 - hashSizes[algorithm]).fill(9),
          )
        }
      },
    ),
  )
})

test.each(providers)(
  '$name: an HMAC of more than there is, or into less than it takes, is a RangeError',
  ({ provider }) => {
    const rangeError: unknown = expect.objectContaining({ name: 'RangeError' })
    for (const algorithm of algorithms) {
      const hmac = provider.createHmac(algorithm, new Uint8Array(20))
      const size = hashSizes[algorithm]
      expect(() => hmac.compute(new Uint8Array(9), 10, new Uint8Array(size))).toThrow(rangeError)
      expect(() => hmac.compute(new Uint8Array(9), 9, new Uint8Array(size - 1))).toThrow(rangeError)
      const into = new Uint8Array(size)
      hmac.compute(new Uint8Array(9), 9, into)
      expect(into).toEqual(provider.hmac(algorithm, new Uint8Array(20), new Uint8Array(9)))
    }
  },
)

test('small draws of entropy never repeat, and all of their bytes are drawn', () => {
  const drawn = new Set<string>()
  const zeros = new Uint16Array(16)
  for (let i = 0; i < 3_000; i++) {
    const bytes = new Uint8Array(8 + (i % 9))
    nodeCrypto.randomFill(bytes)
    drawn.add(toHex(bytes.subarray(0, 8)))
    drawn.add(toHex(bytes.subarray(-8)))
    for (const [at, byte] of bytes.entries()) if (byte === 0) zeros[at]! += 1
  }
  // Those of eight bytes begin and end alike.
  expect(drawn.size).toBe(6_000 - Math.ceil(3_000 / 9))
  // About one of 256 is zero; what was handed out before is always.
  expect(Math.max(...zeros)).toBeLessThan(60)
})

test('draws that end just behind the stock are made of another one', () => {
  const ends = { first: new Set<number>(), last: new Set<number>() }
  for (let i = 0; i < 20; i++) {
    const entropy = new Entropy()
    const [byte, bytes] = [new Uint8Array(1), new Uint8Array(8)]
    // An empty stock, and one of which seven bytes are left.
    entropy.fill(byte)
    ends.first.add(byte[0]!)
    for (let draw = 0; draw < 512; draw++) entropy.fill(bytes)
    ends.last.add(bytes[7]!)
  }
  expect(ends.first.size).toBeGreaterThan(1)
  expect(ends.last.size).toBeGreaterThan(1)
})

test('an HMAC-SHA-1 that keeps its key takes one of any length', () => {
  for (const length of [0, 1, 63, 64, 65, 66, 200]) {
    const key = Uint8Array.from({ length }, (_, i) => i + 1)
    const into = new Uint8Array(20)
    nodeCrypto.createHmac('sha1', key).compute(key, length, into)
    expect(toHex(into)).toBe(createHmac('sha1', key).update(key).digest('hex'))
  }
})

test('both providers agree on every message and key', () => {
  fc.assert(
    fc.property(algorithm, bytes, fc.array(bytes, { maxLength: 4 }), (algorithm, key, parts) => {
      const whole = concatBytes(...parts)
      expect(nodeCrypto.hash(algorithm, ...parts)).toEqual(nobleCrypto.hash(algorithm, whole))
      expect(nodeCrypto.hmac(algorithm, key, whole)).toEqual(nobleCrypto.hmac(algorithm, key, ...parts))
    }),
  )
})

test('HMAC-SHA-1 of the node provider is that of OpenSSL at every length, whatever came before', () => {
  const bytes = Uint8Array.from({ length: 400 }, (_, i) => 7 * i + (i >> 3))
  for (let length = 0; length <= bytes.length; length++)
    for (const keyLength of [0, 1, 20, 63, 64, 65, 100]) {
      const key = bytes.subarray(0, keyLength)
      const [first, second] = [bytes.subarray(0, length >> 1), bytes.subarray(length >> 1, length)]
      const expected = createHmac('sha1', key).update(bytes.subarray(0, length)).digest('hex')
      expect(toHex(nodeCrypto.hmac('sha1', key, first, second))).toBe(expected)
    }
})
