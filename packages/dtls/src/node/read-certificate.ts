import { createPrivateKey, X509Certificate } from 'node:crypto'

import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { type Certificate, createCertificate } from '../certificate/certificate.ts'
import { DtlsError } from '../errors.ts'

/**
 * A certificate and its key in PEM, as OpenSSL and others write them. Throws `DtlsError` `invalid-certificate`.
 *
 * @example
 * const certificate = readCertificate(await readFile('cert.pem', 'utf8'), await readFile('key.pem', 'utf8'))
 */
export function readCertificate(
  certificatePem: string,
  keyPem: string,
  crypto: CryptoProvider = nodeCrypto,
): Certificate {
  let der: Uint8Array
  let pkcs8: Uint8Array
  try {
    der = new X509Certificate(certificatePem).raw
    pkcs8 = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  } catch (cause) {
    throw new DtlsError('invalid-certificate', 'certificate or key is not PEM', { cause })
  }
  return createCertificate({ crypto, der, pkcs8 })
}
