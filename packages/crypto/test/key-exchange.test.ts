import { concatBytes, fromHex, toHex } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import type { CurveGroup } from '../src/index.ts'
import { createNobleCrypto } from '../src/noble/index.ts'
import { crossings, fault, providers } from './providers.ts'
import { keyExchangeVectors, lowOrderPoints } from './vectors/key-exchange.ts'

const groups: CurveGroup[] = ['x25519', 'p-256', 'p-384']
const shareSizes = { x25519: 32, 'p-256': 65, 'p-384': 97 }
const secretSizes = { x25519: 32, 'p-256': 32, 'p-384': 48 }

describe.each(providers)('key exchange of the $name provider', ({ provider }) => {
  describe.each(groups)('%s', (group) => {
    test('two ends agree, and a third does not', () => {
      const [a, b, c] = [1, 2, 3].map(() => provider.createKeyExchange(group))
      if (a === undefined || b === undefined || c === undefined) throw new Error('no keys')
      const secret = a.agree(b.publicKey)
      expect(b.agree(a.publicKey)).toEqual(secret)
      expect(c.agree(a.publicKey)).not.toEqual(secret)
      expect([a.group, a.publicKey.length, secret.length]).toEqual([
        group,
        shareSizes[group],
        secretSizes[group],
      ])
    })

    test('what it gives is the caller’s, and no Buffer', () => {
      const [a, b] = [provider.createKeyExchange(group), provider.createKeyExchange(group)]
      const secret = a.agree(b.publicKey)
      expect([Buffer.isBuffer(secret), Buffer.isBuffer(a.publicKey)]).toEqual([false, false])
      const copy = secret.slice()
      secret.fill(0)
      expect(a.agree(b.publicKey)).toEqual(copy)
    })

    test('a share of another length is refused', () => {
      const exchange = provider.createKeyExchange(group)
      const { publicKey } = provider.createKeyExchange(group)
      for (const share of [
        new Uint8Array(0),
        publicKey.subarray(1),
        publicKey.subarray(0, -1),
        concatBytes(publicKey, Uint8Array.of(0)),
      ])
        expect(fault(() => exchange.agree(share))).toBe('invalid-public-key')
    })

    test('random bytes are a share, or a CryptoError', () => {
      const exchange = provider.createKeyExchange(group)
      const size = shareSizes[group]
      fc.assert(
        fc.property(fc.uint8Array({ minLength: size, maxLength: size }), (share) => {
          expect(['no error', 'invalid-public-key']).toContain(fault(() => exchange.agree(share)))
          if (group !== 'x25519') expect(fault(() => exchange.agree(share))).toBe('invalid-public-key')
        }),
        { numRuns: 20 },
      )
    })
  })

  test.each(lowOrderPoints)('x25519 refuses the low-order point %s (RFC 7748 §6.1)', (point) => {
    expect(fault(() => provider.createKeyExchange('x25519').agree(fromHex(point)))).toBe('invalid-public-key')
  })

  test('x25519 takes numbers that are not reduced (RFC 7748 §5)', () => {
    const exchange = provider.createKeyExchange('x25519')
    // p + 2 to p + 18: 9 stands for the base point.
    for (let low = 2; low <= 18; low++)
      expect(exchange.agree(fromHex(`${(0xed + low).toString(16)}${'ff'.repeat(30)}7f`))).toEqual(
        exchange.agree(Uint8Array.of(low, ...new Uint8Array(31))),
      )
  })

  test('x25519 masks the top bit of a share (RFC 7748 §5)', () => {
    const exchange = provider.createKeyExchange('x25519')
    const { publicKey } = provider.createKeyExchange('x25519')
    const masked = publicKey.slice()
    masked[31]! |= 0x80
    expect(exchange.agree(masked)).toEqual(exchange.agree(publicKey))
  })

  describe.each(['p-256', 'p-384'] as const)('%s refuses', (group) => {
    const exchange = provider.createKeyExchange(group)
    const { publicKey } = provider.createKeyExchange(group)
    const half = (publicKey.length - 1) / 2
    const changed = (change: (share: Uint8Array) => void): Uint8Array => {
      const share = publicKey.slice()
      change(share)
      return share
    }
    test.each([
      ['a point off the curve', changed((share) => (share[share.length - 1]! ^= 1))],
      [
        'a compressed point',
        concatBytes(Uint8Array.of(2 + (publicKey.at(-1)! & 1)), publicKey.slice(1, 1 + half)),
      ],
      ['a hybrid point', changed((share) => (share[0] = 6 + (share[share.length - 1]! & 1)))],
      ['a compressed tag on a full point', changed((share) => (share[0] = 2))],
      ['infinity', Uint8Array.of(0)],
      ['the origin', changed((share) => share.fill(0, 1))],
      ['coordinates beyond the field', changed((share) => share.fill(0xff, 1))],
    ])('%s', (_, share) => {
      expect(fault(() => exchange.agree(share))).toBe('invalid-public-key')
    })
  })
})

describe.each(crossings)('$name', ({ one, other }) => {
  test.each(groups)('agree on %s', (group) => {
    // Often enough that a secret with a leading zero, which must be kept, comes by in P-256.
    const rounds = group === 'p-384' ? 5 : 40
    const a = one.createKeyExchange(group)
    for (let i = 0; i < rounds; i++) {
      const b = other.createKeyExchange(group)
      expect(a.agree(b.publicKey)).toEqual(b.agree(a.publicKey))
    }
  })
})

describe('the portable provider with known private keys', () => {
  /** The seed from which the scalar is derived as (seed mod (n - 1)) + 1: thus the scalar less one. */
  const seedFor = (group: CurveGroup, privateKey: string, into: Uint8Array): void => {
    const scalar = group === 'x25519' ? privateKey : (BigInt(`0x${privateKey}`) - 1n).toString(16)
    into.set(fromHex(scalar.padStart(2 * into.length, '0')))
  }

  test.each(keyExchangeVectors)('$name', ({ group, privateKey, publicKey, peerPublicKey, secret }) => {
    const provider = createNobleCrypto((into) => {
      seedFor(group, privateKey, into)
    })
    const exchange = provider.createKeyExchange(group)
    if (publicKey !== undefined) expect(toHex(exchange.publicKey)).toBe(publicKey)
    expect(toHex(exchange.agree(fromHex(peerPublicKey)))).toBe(secret)
  })

  test('the node provider makes the same secret of the same share', () => {
    for (const { other } of crossings.slice(1))
      for (const { group, privateKey } of keyExchangeVectors) {
        const known = createNobleCrypto((into) => {
          seedFor(group, privateKey, into)
        }).createKeyExchange(group)
        const exchange = other.createKeyExchange(group)
        expect(exchange.agree(known.publicKey)).toEqual(known.agree(exchange.publicKey))
      }
  })

  test('entropy of zeros still makes a valid key', () => {
    for (const group of groups) {
      const exchange = createNobleCrypto((into) => void into.fill(0)).createKeyExchange(group)
      expect(exchange.publicKey).toHaveLength(shareSizes[group])
    }
  })
})
