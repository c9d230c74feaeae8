import { copyBytes, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider, PrivateKey } from '@purertc/crypto'

import { DtlsError } from '../errors.ts'
import { computeFingerprint, type Fingerprint, type FingerprintAlgorithm } from './fingerprint.ts'
import { decodeCertificate } from './x509.ts'

/** An identity of our own: a certificate and its private key. */
export interface Certificate {
  readonly der: Uint8Array
  readonly privateKey: PrivateKey
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number
  /** The fingerprint to signal, of SHA-256 by default. */
  fingerprint(algorithm?: FingerprintAlgorithm): Fingerprint
}

/**
 * A {@link Certificate} of a DER certificate and its key in PKCS #8 (DER). The key must be ECDSA P-256, which every
 * suite here signs with.
 *
 * Throws {@link DtlsError} `invalid-certificate` where either cannot be read, the key is of another kind, or the two
 * do not belong together.
 */
export function createCertificate(options: {
  readonly crypto: CryptoProvider
  readonly der: Uint8Array
  readonly pkcs8: Uint8Array
}): Certificate {
  const { crypto } = options
  const der = copyBytes(options.der)
  try {
    const { subjectPublicKeyInfo, notAfter } = decodeCertificate(der)
    const privateKey = crypto.importPrivateKey(options.pkcs8)
    checkPair(crypto, privateKey, subjectPublicKeyInfo)
    return {
      der,
      privateKey,
      expires: notAfter,
      fingerprint: (algorithm) => computeFingerprint(crypto, der, algorithm),
    }
  } catch (cause) {
    if (cause instanceof DtlsError) throw cause
    throw new DtlsError('invalid-certificate', 'certificate or key cannot be read', { cause })
  }
}

function checkPair(crypto: CryptoProvider, privateKey: PrivateKey, subjectPublicKeyInfo: Uint8Array): void {
  if (privateKey.kind !== 'ec-p256')
    throw new DtlsError('invalid-certificate', `an ECDSA P-256 key is needed, not ${privateKey.kind}`)
  const probe = toUtf8('does this key belong to the certificate?')
  const signature = privateKey.sign('ecdsa_secp256r1_sha256', probe)
  if (!crypto.importPublicKey(subjectPublicKeyInfo).verify('ecdsa_secp256r1_sha256', probe, signature))
    throw new DtlsError('invalid-certificate', 'the key does not belong to the certificate')
}
