import { generateKeyPair } from 'node:crypto'
import { promisify } from 'node:util'

import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { type Certificate, createCertificate } from '../certificate/certificate.ts'
import { encodeSelfSigned } from '../certificate/self-signed.ts'

export interface GenerateCertificateOptions {
  /** Signs, and draws the serial number; node:crypto by default. */
  readonly crypto?: CryptoProvider
  /** Common name of subject and issuer, `PureRTC` by default. It says nothing about who we are. */
  readonly commonName?: string
  /** Days of validity, 30 by default (W3C WebRTC §4.9). It begins a day back, for peers whose clocks are slow. */
  readonly days?: number
}

/**
 * A new ECDSA P-256 key and a self-signed certificate for it. The key is made off the main thread.
 *
 * @example
 * const certificate = await generateCertificate()
 * formatFingerprint(certificate.fingerprint()) // 'sha-256 4A:AD:…' for `a=fingerprint`
 */
export async function generateCertificate(options: GenerateCertificateOptions = {}): Promise<Certificate> {
  const { crypto = nodeCrypto, commonName = 'PureRTC', days = 30 } = options
  const { privateKey, publicKey } = await promisify(generateKeyPair)('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  })
  const now = Date.now()
  const der = encodeSelfSigned({
    crypto,
    privateKey: crypto.importPrivateKey(privateKey),
    subjectPublicKeyInfo: publicKey,
    commonName,
    notBefore: now - day,
    notAfter: now + days * day,
  })
  return createCertificate({ crypto, der, pkcs8: privateKey })
}

const day = 86_400_000
