import { generateKeyPairSync } from 'node:crypto'

import { concatBytes, fromHex, toUtf8 } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'

import { keyKindsOf, type KeyKind, type SignatureScheme } from '../src/index.ts'
import { nodeCrypto } from '../src/node/index.ts'
import { ecdsaSignature, integer, pkcs8, sequence, spki, unsigned } from './keys.ts'
import { crossings, fault, nobleCrypto, providers } from './providers.ts'
import { type SignatureVector, signatureVectors } from './vectors/signature.ts'

const schemes = Object.keys(keyKindsOf) as SignatureScheme[]
const schemesOf = (kind: KeyKind): SignatureScheme[] =>
  schemes.filter((scheme) => keyKindsOf[scheme].includes(kind))

const encoded = ({ kind, signature: [first, second] }: SignatureVector): Uint8Array =>
  kind === 'ed25519' ? fromHex(first + second) : ecdsaSignature(fromHex(first), fromHex(second))

const keysOf = ({
  kind,
  privateKey,
  publicKey,
}: SignatureVector): { pkcs8: Uint8Array; spki: Uint8Array } => ({
  pkcs8: pkcs8(kind, fromHex(privateKey)),
  spki: spki(kind, fromHex(publicKey)),
})

/** One of each kind. */
const samples = signatureVectors.filter(
  (vector, i) => signatureVectors.findIndex(({ kind }) => kind === vector.kind) === i,
)

const message = fc.uint8Array({ maxLength: 100 })

describe.each(providers)('signatures of the $name provider', ({ provider }) => {
  test.each(signatureVectors)('verifies $name', (vector) => {
    const key = provider.importPublicKey(keysOf(vector).spki)
    expect(key.kind).toBe(vector.kind)
    expect(key.verify(vector.scheme, vector.message, encoded(vector))).toBe(true)
    expect(key.verify(vector.scheme, toUtf8('another message'), encoded(vector))).toBe(false)
  })

  test.each(samples)('a $kind key knows its own schemes only', (vector) => {
    const keys = keysOf(vector)
    const publicKey = provider.importPublicKey(keys.spki)
    const privateKey = provider.importPrivateKey(keys.pkcs8)
    expect(privateKey.kind).toBe(vector.kind)
    expect(publicKey.bits).toBe({ 'ec-p256': 256, 'ec-p384': 384, ed25519: 253 }[vector.kind])
    const known = schemesOf(vector.kind)
    expect(known).toHaveLength(vector.kind === 'ed25519' ? 1 : 4)
    for (const scheme of schemes.filter((scheme) => !known.includes(scheme))) {
      expect(fault(() => privateKey.sign(scheme, vector.message))).toBe('unsupported')
      expect(publicKey.verify(scheme, vector.message, encoded(vector))).toBe(false)
    }
    for (const scheme of known)
      expect(publicKey.verify(scheme, vector.message, privateKey.sign(scheme, vector.message))).toBe(true)
  })

  test.each(samples)('a signature of $kind is good for one hash only', (vector) => {
    const publicKey = provider.importPublicKey(keysOf(vector).spki)
    for (const scheme of schemesOf(vector.kind))
      expect(publicKey.verify(scheme, vector.message, encoded(vector))).toBe(
        scheme.slice(-6) === vector.scheme.slice(-6),
      )
  })

  test.each(samples)('$kind: garbage is false, never a throw', (vector) => {
    const key = provider.importPublicKey(keysOf(vector).spki)
    const verify = (signature: Uint8Array): boolean => key.verify(vector.scheme, vector.message, signature)
    const valid = encoded(vector)
    for (let length = 0; length < valid.length; length++)
      expect(verify(valid.subarray(0, length))).toBe(false)
    expect(verify(concatBytes(valid, Uint8Array.of(0)))).toBe(false)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 150 }), (garbage) => !verify(garbage)),
      { numRuns: 50 },
    )
  })

  test.each(samples)('$kind: a signature with one bit flipped is false', (vector) => {
    const key = provider.importPublicKey(keysOf(vector).spki)
    const valid = encoded(vector)
    fc.assert(
      fc.property(fc.nat({ max: valid.length * 8 - 1 }), (bit) => {
        const signature = valid.slice()
        signature[bit >> 3]! ^= 1 << (bit & 7)
        return !key.verify(vector.scheme, vector.message, signature)
      }),
      { numRuns: 20 },
    )
  })

  test.each(samples)('$kind: a signature is no Buffer', (vector) => {
    expect(
      Buffer.isBuffer(provider.importPrivateKey(keysOf(vector).pkcs8).sign(vector.scheme, vector.message)),
    ).toBe(false)
  })

  test.each(samples)('$kind: keys are copied', (vector) => {
    const keys = keysOf(vector)
    const publicKey = provider.importPublicKey(keys.spki)
    const privateKey = provider.importPrivateKey(keys.pkcs8)
    keys.spki.fill(0)
    keys.pkcs8.fill(0)
    expect(
      publicKey.verify(vector.scheme, vector.message, privateKey.sign(vector.scheme, vector.message)),
    ).toBe(true)
  })
})

describe.each(providers)('ECDSA of the $name provider: a signature must be DER in range', ({ provider }) => {
  const order = fromHex('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551')
  const vector = samples[0]
  if (vector?.kind !== 'ec-p256') throw new Error('the first vector is of P-256')
  const [r, s] = [fromHex(vector.signature[0]), fromHex(vector.signature[1])]
  const [R, S] = [unsigned(r), unsigned(s)]
  const zero = integer(0)
  const number = (bytes: Uint8Array): bigint =>
    bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n)
  const bytesOf = (value: bigint): Uint8Array => fromHex(value.toString(16).padStart(66, '0'))
  const longLength = (body: Uint8Array): Uint8Array =>
    concatBytes(Uint8Array.of(0x30, 0x81, body.length), body)

  test.each([
    ['r of zero', sequence(zero, S)],
    ['s of zero', sequence(R, zero)],
    ['both of zero', sequence(zero, zero)],
    ['r of n', ecdsaSignature(order, s)],
    ['s of n', ecdsaSignature(r, order)],
    ['r + n, which is r modulo n', ecdsaSignature(bytesOf(number(r) + number(order)), s)],
    ['s + n', ecdsaSignature(r, bytesOf(number(s) + number(order)))],
    ['r of 1', sequence(integer(1), S)],
    ['negative integers (no zero in front)', sequence(integer(...r), integer(...s))],
    ['an integer with a needless zero', sequence(integer(0, 0, ...r), S)],
    ['an empty integer', sequence(integer(), S)],
    ['a length that is not minimal', longLength(concatBytes(R, S))],
    ['an indefinite length', concatBytes(Uint8Array.of(0x30, 0x80), R, S, Uint8Array.of(0, 0))],
    ['a third integer', sequence(R, S, zero)],
    ['one integer', sequence(R)],
    ['the raw form of IEEE P1363', concatBytes(r, s)],
    ['nothing', new Uint8Array(0)],
    ['r and s in each other’s place', ecdsaSignature(s, r)],
  ])('not %s', (_, signature) => {
    const key = provider.importPublicKey(keysOf(vector).spki)
    expect(key.verify(vector.scheme, vector.message, signature)).toBe(false)
  })

  test('n - s is as good as s: TLS knows no rule of the lower half', () => {
    const key = provider.importPublicKey(keysOf(vector).spki)
    const other = ecdsaSignature(r, bytesOf(number(order) - number(s)))
    expect(key.verify(vector.scheme, vector.message, other)).toBe(true)
  })
})

test.each(signatureVectors)('the portable provider signs $name as the RFC does', (vector) => {
  const key = nobleCrypto.importPrivateKey(keysOf(vector).pkcs8)
  expect(key.sign(vector.scheme, vector.message)).toEqual(encoded(vector))
})

describe.each(crossings)('$name', ({ one, other }) => {
  test.each(samples)('what one signs with $kind the other verifies', (vector) => {
    const privateKey = one.importPrivateKey(keysOf(vector).pkcs8)
    const publicKey = other.importPublicKey(keysOf(vector).spki)
    fc.assert(
      fc.property(
        message,
        message,
        fc.constantFrom(...schemesOf(vector.kind)),
        (signed, unrelated, scheme) => {
          const signature = privateKey.sign(scheme, signed)
          expect(publicKey.verify(scheme, signed, signature)).toBe(true)
          const isSame = unrelated.join() === signed.join()
          expect(publicKey.verify(scheme, unrelated, signature)).toBe(isSame)
        },
      ),
      { numRuns: 10 },
    )
  })
})

describe('RSA', () => {
  const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const pkcs8 = new Uint8Array(pair.privateKey.export({ type: 'pkcs8', format: 'der' }))
  const spki = new Uint8Array(pair.publicKey.export({ type: 'spki', format: 'der' }))
  const rsaSchemes = schemesOf('rsa')

  test('has six schemes and tells its size', () => {
    expect(rsaSchemes).toHaveLength(6)
    expect(nodeCrypto.importPublicKey(spki).bits).toBe(2_048)
  })

  test.each(rsaSchemes)('%s: the node provider signs and verifies', (scheme) => {
    const privateKey = nodeCrypto.importPrivateKey(pkcs8)
    const publicKey = nodeCrypto.importPublicKey(spki)
    expect([privateKey.kind, publicKey.kind]).toEqual(['rsa', 'rsa'])
    const signature = privateKey.sign(scheme, toUtf8('sample'))
    expect(publicKey.verify(scheme, toUtf8('sample'), signature)).toBe(true)
    expect(publicKey.verify(scheme, toUtf8('simple'), signature)).toBe(false)
    for (const other of schemes.filter((other) => other !== scheme))
      expect(publicKey.verify(other, toUtf8('sample'), signature)).toBe(false)
    expect(fault(() => privateKey.sign('ed25519', toUtf8('sample')))).toBe('unsupported')
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 300 }),
        (garbage) => !publicKey.verify(scheme, toUtf8('sample'), garbage),
      ),
    )
  })

  test('a modulus too small for the scheme makes false, not a throw', () => {
    const small = generateKeyPairSync('rsa', { modulusLength: 512 })
    const key = nodeCrypto.importPublicKey(small.publicKey.export({ type: 'spki', format: 'der' }))
    for (const scheme of rsaSchemes)
      expect(key.verify(scheme, toUtf8('sample'), new Uint8Array(64))).toBe(false)
    const privateKey = nodeCrypto.importPrivateKey(
      new Uint8Array(small.privateKey.export({ type: 'pkcs8', format: 'der' })),
    )
    expect(fault(() => privateKey.sign('rsa_pss_rsae_sha512', toUtf8('sample')))).toBe('unsupported')
  })

  test('the portable provider says that it has none', () => {
    expect(fault(() => nobleCrypto.importPrivateKey(pkcs8))).toBe('unsupported')
    expect(fault(() => nobleCrypto.importPublicKey(spki))).toBe('unsupported')
  })
})
