import { describe, expect, test } from '@jest/globals'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import { decisiveFingerprints } from '../../src/certificate/fingerprint.ts'
import {
  computeFingerprint,
  DtlsAssociation,
  type Fingerprint,
  type FingerprintAlgorithm,
  formatFingerprint,
  parseFingerprint,
} from '../../src/index.ts'
import { clientCertificate, Pair, serverCertificate } from '../pair.ts'

const sizes: Record<FingerprintAlgorithm, number> = {
  'sha-1': 20,
  'sha-256': 32,
  'sha-384': 48,
  'sha-512': 64,
}
const algorithms = Object.keys(sizes) as FingerprintAlgorithm[]

describe('the text of a fingerprint', () => {
  test('reads what it writes', () => {
    const fingerprint = fc
      .constantFrom(...algorithms)
      .chain((algorithm) =>
        fc
          .uint8Array({ minLength: sizes[algorithm], maxLength: sizes[algorithm] })
          .map((value): Fingerprint => ({ algorithm, value })),
      )
    fc.assert(
      fc.property(fingerprint, (fp) => {
        expect(parseFingerprint(formatFingerprint(fp))).toEqual(fp)
        expect(parseFingerprint(formatFingerprint(fp).toLowerCase())).toEqual(fp)
      }),
    )
  })

  test('is written in capitals, RFC 8122 §5', () => {
    const fingerprint = computeFingerprint(nodeCrypto, serverCertificate.der)
    expect(formatFingerprint(fingerprint)).toMatch(/^sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}$/)
  })

  test.each([
    '',
    'sha-256',
    'sha-256 ',
    'sha-256 00',
    `sha-256 ${'00:'.repeat(32)}`,
    `sha-256 ${'0'.repeat(64)}`,
    `md5 ${Array(16).fill('00').join(':')}`,
    `sha-999 ${Array(32).fill('00').join(':')}`,
    `__proto__ ${Array(32).fill('00').join(':')}`,
    `sha-1 ${Array(32).fill('00').join(':')}`,
    `sha-256 ${Array(32).fill('0g').join(':')}`,
  ])('is not %p', (text) => {
    expect(parseFingerprint(text)).toBeNull()
  })
})

describe('of several fingerprints', () => {
  const of = (algorithm: FingerprintAlgorithm, byte: number): Fingerprint => ({
    algorithm,
    value: new Uint8Array(sizes[algorithm]).fill(byte),
  })

  test('those of the strongest hash decide, RFC 8122 §5', () => {
    const list = [of('sha-256', 1), of('sha-512', 2), of('sha-1', 3), of('sha-512', 4)]
    expect(decisiveFingerprints(list)).toEqual([of('sha-512', 2), of('sha-512', 4)])
  })

  test('a true one of a weaker hash does not make up for a false one', () => {
    const verify = { fingerprints: [serverCertificate.fingerprint(), of('sha-512', 0)] }
    const pair = new Pair({ client: { verify } }).handshake()
    expect(pair.client.reason).toMatchObject({ error: { code: 'certificate-refused' } })
  })

  test('one true one of the strongest hash is enough', () => {
    const verify = { fingerprints: [of('sha-512', 0), serverCertificate.fingerprint('sha-512')] }
    expect(new Pair({ client: { verify } }).handshake().isConnected).toBe(true)
  })

  test('SHA-1 alone is no identity', () => {
    const config = {
      role: 'client' as const,
      crypto: nodeCrypto,
      certificate: clientCertificate,
      verify: { fingerprints: [serverCertificate.fingerprint('sha-1')] },
    }
    const host = {
      transmit: () => undefined,
      connected: () => undefined,
      received: () => undefined,
      closed: () => undefined,
    }
    expect(() => new DtlsAssociation(config, host)).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    )
    expect(() => new DtlsAssociation({ ...config, verify: { fingerprints: [] } }, host)).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    )
  })
})
