import { generateKeyPairSync } from 'node:crypto'

import { nodeCrypto } from '@purertc/crypto/node'

import { type Certificate, createMatchingCertificate } from '../certificate/certificate.ts'
import { encodeSelfSigned } from '../certificate/self-signed.ts'
import type { GenerateCertificateOptions } from './generate-certificate.ts'

/**
 * A new ECDSA P-256 key and a self-signed certificate for one connection, made at once: {@link generateCertificate} makes
 * the same, but loads a library for it, and takes several turns of the event loop. Throws nothing.
 *
 * @example
 * const certificate = generateEphemeralCertificate()
 */
export function generateEphemeralCertificate(options: GenerateCertificateOptions = {}): Certificate {
  const { crypto = nodeCrypto, commonName = 'PureRTC', days = 30 } = options
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const pkcs8 = new Uint8Array(privateKey.export({ type: 'pkcs8', format: 'der' }))
  const now = Date.now()
  const der = encodeSelfSigned({
    crypto,
    privateKey: crypto.importPrivateKey(pkcs8),
    subjectPublicKeyInfo: publicKey.export({ type: 'spki', format: 'der' }),
    commonName,
    notBefore: now - day,
    notAfter: now + days * day,
  })
  return createMatchingCertificate({ crypto, der, pkcs8 })
}

const day = 86_400_000
