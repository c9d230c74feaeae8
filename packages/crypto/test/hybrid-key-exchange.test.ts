import * as engine from 'node:crypto'
import { concatBytes } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'

import type { CryptoProvider } from '../src/index.ts'
import { createNodeKem } from '../src/node/kem.ts'
import { crossings, fault, providers } from './providers.ts'

const group = 'x25519mlkem768'

const exchange = (one: CryptoProvider, other: CryptoProvider): [Uint8Array, Uint8Array] => {
  const ours = one.createKeyExchange(group)
  const answer = other.answerKeyExchange(group, ours.publicKey)
  return [ours.agree(answer.publicKey), answer.secret]
}

describe.each(providers)('X25519MLKEM768 of the $name provider', ({ provider }) => {
  test('two ends agree on 64 bytes, and not twice on the same', () => {
    const [ours, theirs] = exchange(provider, provider)
    expect(theirs).toEqual(ours)
    expect(ours).toHaveLength(64)
    expect(exchange(provider, provider)[0]).not.toEqual(ours)
  })

  test('shares have the sizes of the draft, and are no Buffers', () => {
    const { publicKey } = provider.createKeyExchange(group)
    const answer = provider.answerKeyExchange(group, publicKey)
    expect([publicKey.length, answer.publicKey.length]).toEqual([1_216, 1_120])
    for (const bytes of [publicKey, answer.publicKey, answer.secret])
      expect(Buffer.isBuffer(bytes)).toBe(false)
  })

  test('shares of other lengths are refused', () => {
    const ours = provider.createKeyExchange(group)
    const answer = provider.answerKeyExchange(group, ours.publicKey)
    const longer = (share: Uint8Array): Uint8Array => concatBytes(share, Uint8Array.of(0))
    for (const share of [new Uint8Array(0), answer.publicKey.subarray(1), longer(answer.publicKey)])
      expect(fault(() => ours.agree(share))).toBe('invalid-public-key')
    for (const share of [new Uint8Array(0), ours.publicKey.subarray(1), longer(ours.publicKey)])
      expect(fault(() => provider.answerKeyExchange(group, share))).toBe('invalid-public-key')
  })

  test('a key of ML-KEM that is not reduced is refused (FIPS 203 §7.2)', () => {
    const { publicKey } = provider.createKeyExchange(group)
    const unreduced = publicKey.slice()
    unreduced.fill(0xff, 0, 3)
    expect(fault(() => provider.answerKeyExchange(group, unreduced))).toBe('invalid-public-key')
  })

  test('either half of all zero is no exchange, or another secret', () => {
    const ours = provider.createKeyExchange(group)
    const zeroCurve = ours.publicKey.slice()
    zeroCurve.fill(0, 1_184)
    expect(fault(() => provider.answerKeyExchange(group, zeroCurve))).toBe('invalid-public-key')
    const answer = provider.answerKeyExchange(group, ours.publicKey)
    const changed = answer.publicKey.slice()
    changed[0]! ^= 1
    expect(ours.agree(changed).subarray(0, 32)).not.toEqual(answer.secret.subarray(0, 32))
    expect(ours.agree(changed).subarray(32)).toEqual(answer.secret.subarray(32))
  })

  test.each(['x25519', 'p-256', 'p-384'] as const)('a curve is answered by the same seam: %s', (curve) => {
    const ours = provider.createKeyExchange(curve)
    const answer = provider.answerKeyExchange(curve, ours.publicKey)
    expect(ours.agree(answer.publicKey)).toEqual(answer.secret)
    expect(fault(() => provider.answerKeyExchange(curve, new Uint8Array(3)))).toBe('invalid-public-key')
  })
})

test.each(crossings)('X25519MLKEM768 from $name', ({ one, other }) => {
  const [ours, theirs] = exchange(one, other)
  expect(ours).toEqual(theirs)
})

test('an engine without ML-KEM is known by what it lacks', () => {
  expect(createNodeKem({}) === null).toBe(true)
  expect(createNodeKem(engine) === null).toBe(!('encapsulate' in engine))
})
