import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import { type Certificate, createCertificate } from '../certificate/certificate.ts'
import { DtlsError } from '../errors.ts'
import { type Pem, readCertificates, readPrivateKeys } from './pem.ts'

/**
 * A certificate and its key in PEM, as OpenSSL and others write them. Further certificates in the file are those that
 * lead to an authority, issuer by issuer. Throws `DtlsError` `invalid-certificate`.
 *
 * @example
 * const certificate = readCertificate(await readFile('cert.pem'), await readFile('key.pem'))
 */
export function readCertificate(
  certificatePem: string | Uint8Array,
  keyPem: string | Uint8Array,
  crypto: CryptoProvider = nodeCrypto,
): Certificate {
  return readIdentity(certificatePem, keyPem, undefined, crypto)
}

/** One identity for each pair of certificate file and key file. */
export function readIdentities(
  cert: Pem,
  key: Pem,
  passphrase: string | undefined,
  crypto: CryptoProvider,
): Certificate[] {
  const certs = filesOf(cert)
  const keys = filesOf(key)
  if (certs.length !== keys.length)
    throw new DtlsError(
      'invalid-certificate',
      `${certs.length} certificate files and ${keys.length} key files`,
    )
  return certs.map((one, i) => readIdentity(one, keys[i] ?? '', passphrase, crypto))
}

function readIdentity(
  cert: string | Uint8Array,
  key: string | Uint8Array,
  passphrase: string | undefined,
  crypto: CryptoProvider,
): Certificate {
  const [der, ...chain] = readCertificates(cert)
  const [pkcs8] = readPrivateKeys(key, passphrase)
  if (der === undefined || pkcs8 === undefined) throw new DtlsError('invalid-certificate', 'nothing to read')
  return createCertificate({ crypto, der, chain, pkcs8 })
}

const filesOf = (pem: Pem): readonly (string | Uint8Array)[] =>
  typeof pem === 'string' || pem instanceof Uint8Array ? [pem] : pem
