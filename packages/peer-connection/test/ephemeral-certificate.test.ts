import { X509Certificate } from 'node:crypto'

import { nodeCrypto } from '@purertc/crypto/node'
import { expect, test } from '@jest/globals'

import { generateEphemeralCertificate } from '../src/node/ephemeral-certificate.ts'

test('the certificate of a connection is one that OpenSSL reads and verifies', async () => {
  const certificate = await generateEphemeralCertificate(nodeCrypto)
  const read = new X509Certificate(certificate.der)
  expect(read.subject).toBe('CN=PureRTC')
  expect(read.checkIssued(read)).toBe(true)
  expect(read.verify(read.publicKey)).toBe(true)
  expect(read.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
  expect(Date.parse(read.validFrom)).toBeLessThan(Date.now() - 86_000_000)
  expect(Date.parse(read.validTo)).toBe(certificate.expires)
  expect(certificate.expires).toBeGreaterThan(Date.now() + 29 * 86_400_000)
})

test('each connection has a key and a serial number of its own', async () => {
  const [one, other] = await Promise.all([
    generateEphemeralCertificate(nodeCrypto),
    generateEphemeralCertificate(nodeCrypto),
  ])
  const [first, second] = [new X509Certificate(one.der), new X509Certificate(other.der)]
  expect(first.serialNumber).not.toBe(second.serialNumber)
  expect(first.publicKey.equals(second.publicKey)).toBe(false)
})
