import { describe, expect, test } from '@jest/globals'
import { fromHex, toHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import { cipherSuites } from '../../src/dtls13/cipher-suite.ts'
import { hkdfExpand, hkdfExtract } from '../../src/dtls13/keys/hkdf.ts'
import { TrafficSecret } from '../../src/dtls13/keys/traffic-secret.ts'
import { CiphertextEpoch } from '../../src/dtls13/record/ciphertext-epoch.ts'
import { CiphertextProtection } from '../../src/dtls13/record/ciphertext-protection.ts'
import {
  reconstructSequence,
  UnifiedHeader,
  unifiedHeaderLength,
  writeUnifiedHeader,
} from '../../src/dtls13/record/unified-header.ts'
import { Unopened } from '../../src/record/inbound-epoch.ts'
import { watched } from '../record/watched-aead.ts'

describe('HKDF', () => {
  test('makes what RFC 5869 A.1 says', () => {
    const salt = fromHex('000102030405060708090a0b0c')
    const secret = hkdfExtract(nodeCrypto, 'sha256', salt, new Uint8Array(22).fill(0x0b))
    expect(toHex(secret)).toBe('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5')
    const output = hkdfExpand(nodeCrypto, 'sha256', secret, fromHex('f0f1f2f3f4f5f6f7f8f9'), 42)
    expect(toHex(output)).toBe(
      '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
    )
    expect(() => hkdfExpand(nodeCrypto, 'sha256', secret, salt, 8_161)).toThrow(RangeError)
  })
})

describe('a sequence number', () => {
  test('is the nearest to the one that is due', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 40 }),
        fc.integer({ min: -127, max: 127 }),
        (expected, offset) => {
          const sequence = expected + offset
          fc.pre(sequence >= 0)
          expect(reconstructSequence(expected, sequence % 256, 8)).toBe(sequence)
          expect(reconstructSequence(expected, sequence % 65_536, 16)).toBe(sequence)
        },
      ),
    )
  })
})

describe.each(cipherSuites)('records of $name', (suite) => {
  const secret = new TrafficSecret(
    nodeCrypto,
    suite,
    new Uint8Array(suite.hash === 'sha384' ? 48 : 32).fill(7),
  )
  const content = Uint8Array.from({ length: 100 }, (_, i) => i)
  const header = new UnifiedHeader()
  const into = new Uint8Array(2_000)

  function seal(sequence: number, bytes = content): Uint8Array {
    const protection = new CiphertextProtection(secret.recordKeys())
    const record = new Uint8Array(bytes.length + protection.overhead)
    expect(protection.protect(23, 0, 7, sequence, bytes, record, 0)).toBe(record.length)
    return record
  }

  function open(epoch: CiphertextEpoch, record: Uint8Array): number {
    expect(header.read(record, 0)).toBe(true)
    return epoch.open(record, header, into)
  }

  test('are opened once, in any order', () => {
    const epoch = new CiphertextEpoch(7, secret.recordKeys())
    for (const sequence of [3, 0, 30_000, 29_999, 60_000]) {
      const record = seal(sequence)
      expect(record[0]).toBe(0x2f)
      expect(open(epoch, record)).toBe(content.length)
      expect([epoch.contentType, epoch.sequence]).toEqual([23, sequence])
      expect(into.slice(0, content.length)).toEqual(content)
      expect(open(epoch, record)).toBe(Unopened.replayed)
    }
    expect(epoch.forged).toBe(0)
  })

  test('say which nonce comes next, forgeries and late ones do not', () => {
    const keys = secret.recordKeys()
    const aead = watched(keys.aead)
    const epoch = new CiphertextEpoch(7, { ...keys, aead })
    for (const sequence of [255, 256, 257]) open(epoch, seal(sequence))
    expect(aead.expected.slice(0, 2)).toEqual(aead.opened.slice(1))
    open(epoch, seal(3))
    const forged = seal(258)
    forged[60]! ^= 1
    open(epoch, forged)
    expect(aead.expected).toHaveLength(3)
    open(epoch, seal(258))
    expect(aead.opened.at(-1)).toBe(aead.expected[2])
  })

  test('hide their numbers', () => {
    const numbers = new Set(Array.from({ length: 20 }, (_, i) => toHex(seal(i).subarray(1, 3))))
    expect(numbers.size).toBeGreaterThan(15)
  })

  test('may be empty, and may be padded', () => {
    const epoch = new CiphertextEpoch(7, secret.recordKeys())
    expect(open(epoch, seal(0, new Uint8Array(0)))).toBe(0)
    expect(epoch.contentType).toBe(23)
    const padded = new CiphertextProtection(secret.recordKeys())
    const record = new Uint8Array(13 + padded.overhead)
    // The type last but for zeros: what is sealed as the type is the end of the padding.
    const inner = new Uint8Array(13)
    inner.set([1, 2, 3, 22])
    padded.protect(0, 0, 7, 1, inner, record, 0)
    expect(open(epoch, record)).toBe(3)
    expect(epoch.contentType).toBe(22)
  })

  test('that hold not even a type are authentic all the same', () => {
    const { aead, iv, mask } = secret.recordKeys()
    const record = new Uint8Array(unifiedHeaderLength + aead.tagLength)
    writeUnifiedHeader(record, 0, new Uint8Array(0), 7, 0, aead.tagLength)
    const aad = record.slice(0, unifiedHeaderLength)
    aead.seal(iv, aad, new Uint8Array(0), record, unifiedHeaderLength)
    const stream = mask.of(record, unifiedHeaderLength)
    record[1]! ^= stream[0]!
    record[2]! ^= stream[1]!
    const epoch = new CiphertextEpoch(7, secret.recordKeys())
    expect(open(epoch, record)).toBe(0)
    expect([epoch.contentType, epoch.forged]).toEqual([0, 0])
  })

  test('with any bit changed are forged, or of another number', () => {
    const record = seal(5)
    const epoch = new CiphertextEpoch(7, secret.recordKeys())
    for (let bit = 0; bit < record.length * 8; bit++) {
      // The flags decide how the header is read; the length, where the record ends.
      if (bit < 8 || (bit >= 24 && bit < 40)) continue
      const changed = record.slice()
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(open(epoch, changed)).toBe(Unopened.forged)
    }
    expect(open(epoch, record)).toBe(content.length)
  })

  test('that are too short for a sample are forged', () => {
    const epoch = new CiphertextEpoch(7, secret.recordKeys())
    for (let length = 0; length < 16; length++) {
      const record = new Uint8Array(5 + length)
      record.set([0x2f, 0, 0, 0, length])
      expect(open(epoch, record)).toBe(Unopened.forged)
    }
    expect(epoch.forged).toBe(16)
  })

  test('do not open under the keys after them', () => {
    const epoch = new CiphertextEpoch(7, secret.next().recordKeys())
    expect(open(epoch, seal(0))).toBe(Unopened.forged)
  })
})

test('random bytes are no record, or a forged one', () => {
  const [suite] = cipherSuites
  if (suite === undefined) throw new Error('no suite')
  const epoch = new CiphertextEpoch(3, new TrafficSecret(nodeCrypto, suite, new Uint8Array(32)).recordKeys())
  const header = new UnifiedHeader()
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
      bytes[0] = 0x20 | (bytes[0]! & 0x1f)
      if (!header.read(bytes, 0)) return
      expect(header.end).toBeLessThanOrEqual(bytes.length)
      expect([Unopened.forged, Unopened.replayed]).toContain(epoch.open(bytes, header, new Uint8Array(100)))
    }),
    { numRuns: 1_000 },
  )
})
