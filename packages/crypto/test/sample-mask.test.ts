import { fromHex, toHex } from '@purertc/bytes'
import { describe, expect, test } from '@jest/globals'

import type { AeadAlgorithm } from '../src/index.ts'
import { fault, providers } from './providers.ts'

/** RFC 9001 A.2 and A.5: QUIC hides its packet numbers in the same way. */
const vectors: { algorithm: AeadAlgorithm; key: string; sample: string; mask: string }[] = [
  {
    algorithm: 'aes-128-gcm',
    key: '9f50449e04a0e810283a1e9933adedd2',
    sample: 'd1b1c98dd7689fb8ec11d242b123dc9b',
    mask: '437b9aec36',
  },
  {
    algorithm: 'chacha20-poly1305',
    key: '25a282b9e82f06f21f488917a4fc8f1b73573685608597d0efcb076b0ab7a7a4',
    sample: '5e5cd55c41f69080575d7999c25a5bfb',
    mask: 'aefefe7d03',
  },
  {
    // FIPS 197 C.3: AES-256 of one block.
    algorithm: 'aes-256-gcm',
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    sample: '00112233445566778899aabbccddeeff',
    mask: '8ea2b7ca51',
  },
]

describe.each(providers)('sample masks of the $name provider', ({ provider }) => {
  test.each(vectors)('$algorithm', ({ algorithm, key, sample, mask }) => {
    const masks = provider.createSampleMask(algorithm, fromHex(key))
    const around = fromHex(`ffff ${sample} ffff`)
    for (let i = 0; i < 3; i++) expect(toHex(masks.of(around, 2).subarray(0, 5))).toBe(mask)
  })

  test.each(vectors)(
    '$algorithm: a sample that is cut is a RangeError, and nothing is kept of it',
    (vector) => {
      const { algorithm, key, sample, mask } = vector
      const masks = provider.createSampleMask(algorithm, fromHex(key))
      const rangeError: unknown = expect.objectContaining({ name: 'RangeError' })
      for (const at of [1, 8, 16, 20]) expect(() => masks.of(fromHex(sample), at)).toThrow(rangeError)
      expect(toHex(masks.of(fromHex(sample), 0).subarray(0, 5))).toBe(mask)
    },
  )

  test('refuses a key of another length', () => {
    expect(fault(() => provider.createSampleMask('aes-128-gcm', new Uint8Array(32)))).toBe('invalid-key')
    expect(fault(() => provider.createSampleMask('chacha20-poly1305', new Uint8Array(16)))).toBe(
      'invalid-key',
    )
  })
})
