import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { describe, expect, test } from '@jest/globals'
import { DecodeError, equalBytes, fromHex, Reader } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'
import fc from 'fast-check'

import { decodeTime, encodeTime } from '../../src/certificate/asn1-time.ts'
import { encodeElement, encodeUnsigned, readElement, Tag } from '../../src/certificate/der.ts'
import { decodeCertificate } from '../../src/certificate/x509.ts'
import { createCertificate, DtlsError, encodeSelfSigned } from '../../src/index.ts'
import { readCertificate } from '../../src/node/index.ts'
import {
  extendedP256Certificate,
  p384Certificate,
  rsaCertificate,
  version1Certificate,
} from '../vectors/certificates.ts'
import { chromiumCertificate } from '../vectors/chromium-156.ts'

describe('certificates by other hands', () => {
  test.each([
    ['Chromium’s', chromiumCertificate],
    ['with extensions', extendedP256Certificate],
    ['of version 1', version1Certificate],
    ['ECDSA P-384', p384Certificate],
    ['RSA', rsaCertificate],
  ])('%s: the fields that we read are those that Node reads', (_name, der) => {
    const fields = decodeCertificate(der)
    const x509 = new X509Certificate(der)
    expect(Buffer.from(fields.subjectPublicKeyInfo)).toEqual(
      x509.publicKey.export({ type: 'spki', format: 'der' }),
    )
    expect(fields.notBefore).toBe(Date.parse(x509.validFrom))
    expect(fields.notAfter).toBe(Date.parse(x509.validTo))
  })

  test('are refused by a typed error when they are cut off or followed by anything', () => {
    for (let end = 0; end < chromiumCertificate.length; end++)
      expect(() => decodeCertificate(chromiumCertificate.subarray(0, end))).toThrow(DecodeError)
    expect(() => decodeCertificate(Uint8Array.of(...chromiumCertificate, 0))).toThrow(DecodeError)
  })

  test('that are mutated are refused by a typed error, or read', () => {
    const size = extendedP256Certificate.length
    fc.assert(
      fc.property(fc.nat(size - 1), fc.nat(255), (at, byte) => {
        const der = extendedP256Certificate.slice()
        der[at] = byte
        try {
          decodeCertificate(der)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('DER', () => {
  const read = (hex: string) => () => readElement(new Reader(fromHex(hex)))

  test.each([
    ['an indefinite length', '3080 0000'],
    ['a length that is not in the shortest form', '3081 01 00'],
    ['a longer one that is not', '3082 0080'],
    ['a length of four bytes', '3084 00000001 00'],
    ['a tag of more than one byte', '3f8101 00'],
    ['contents that are cut off', '3005 0000'],
    ['nothing', ''],
  ])('does not allow %s', (_name, hex) => {
    expect(read(hex)).toThrow(DecodeError)
  })

  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])('reads what it writes: %i bytes', (length) => {
    const bytes = encodeElement(Tag.sequence, new Uint8Array(length).fill(7))
    const reader = new Reader(bytes)
    const element = readElement(reader)
    reader.done()
    expect(element.tag).toBe(Tag.sequence)
    expect(equalBytes(element.body.rest(), new Uint8Array(length).fill(7))).toBe(true)
    expect(equalBytes(element.bytes, bytes)).toBe(true)
  })

  test.each([
    ['00', '020100'],
    ['0000', '020100'],
    ['7f', '02017f'],
    ['80', '02020080'],
    ['0080', '02020080'],
    ['0001ff', '020201ff'],
  ])('writes the integer %s as %s', (bytes, der) => {
    expect(encodeUnsigned(fromHex(bytes))).toEqual(fromHex(der))
  })
})

describe('times', () => {
  const minute = Date.UTC(2100, 0) / 1_000

  test('come back to the second, from 1970 to 2100', () => {
    fc.assert(
      fc.property(fc.nat(minute), (seconds) => {
        const at = seconds * 1_000
        expect(decodeTime(readElement(new Reader(encodeTime(at))))).toBe(at)
        const text = new Date(at).toISOString().replace(/[-:T]|\.000/g, '')
        const expected = at < Date.UTC(2050, 0) ? text.slice(2) : text
        expect(Buffer.from(encodeTime(at).subarray(2)).toString()).toBe(expected)
      }),
    )
  })

  test.each([
    [Tag.utcTime, '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59)],
    [Tag.utcTime, '500101000000Z', Date.UTC(1950, 0)],
    [Tag.generalizedTime, '20000229120000Z', Date.UTC(2000, 1, 29, 12)],
    [Tag.generalizedTime, '99991231235959Z', Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])('%i %s', (tag, text, expected) => {
    expect(decodeTime(readElement(new Reader(encodeElement(tag, Buffer.from(text)))))).toBe(expected)
  })

  test.each(['4912312359Z', '491231235959', '491231235959+0100', '49123123595xZ'])('not %s', (text) => {
    const element = readElement(new Reader(encodeElement(Tag.utcTime, Buffer.from(text))))
    expect(() => decodeTime(element)).toThrow(DecodeError)
  })
})

describe('an identity of our own', () => {
  const makeKeys = (namedCurve: string): { pkcs8: Uint8Array; spki: Uint8Array } => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', {
      namedCurve,
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
      publicKeyEncoding: { type: 'spki', format: 'der' },
    })
    return { pkcs8: privateKey, spki: publicKey }
  }
  const keys = makeKeys('P-256')
  const der = encodeSelfSigned({
    crypto: nodeCrypto,
    privateKey: nodeCrypto.importPrivateKey(keys.pkcs8),
    subjectPublicKeyInfo: keys.spki,
    commonName: 'Jörg',
    notBefore: 0,
    notAfter: Date.UTC(2060, 0),
  })

  test('is a certificate with its key', () => {
    const certificate = createCertificate({ crypto: nodeCrypto, der, pkcs8: keys.pkcs8 })
    expect(certificate.expires).toBe(Date.UTC(2060, 0))
    expect(certificate.fingerprint().value).toEqual(
      Uint8Array.from(Buffer.from(new X509Certificate(der).fingerprint256.replaceAll(':', ''), 'hex')),
    )
    expect(new X509Certificate(der).subject).toBe('CN=Jörg')
  })

  test.each([
    ['a key of another certificate', der, makeKeys('P-256').pkcs8],
    ['a key of another kind', p384Certificate, makeKeys('P-384').pkcs8],
    ['no key', der, Uint8Array.of(1, 2, 3)],
    ['no certificate', Uint8Array.of(1, 2, 3), keys.pkcs8],
  ])('is not made of %s', (_name, certificate, pkcs8) => {
    const make = (): unknown => createCertificate({ crypto: nodeCrypto, der: certificate, pkcs8 })
    expect(make).toThrow(DtlsError)
    expect(make).toThrow(expect.objectContaining({ code: 'invalid-certificate' }))
  })

  test('can be read from PEM, and nothing else can', () => {
    const pem = (label: string, bytes: Uint8Array): string =>
      `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${label}-----\n`
    expect(readCertificate(pem('CERTIFICATE', der), pem('PRIVATE KEY', keys.pkcs8)).der).toEqual(der)
    expect(() => readCertificate('no', 'no')).toThrow(DtlsError)
  })
})
