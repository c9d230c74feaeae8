import { copyBytes, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider, KeyKind, PrivateKey, SignatureScheme } from '@purertc/crypto'

import { DtlsError } from '../errors.ts'
import type { CertificateType } from '../protocol/certificate-type.ts'
import type { SignatureSchemeName } from '../protocol/signature-scheme.ts'
import { computeFingerprint, type Fingerprint, type FingerprintAlgorithm } from './fingerprint.ts'
import { decodeCertificate } from './x509.ts'
import { decodeExtensions, type SubjectNames } from './x509-extensions.ts'

/** An identity of our own: a certificate and its private key. */
export interface Certificate {
  readonly der: Uint8Array
  /** Those that lead from it to an authority which the peer knows, issuer by issuer; DER. Often none. */
  readonly chain: readonly Uint8Array[]
  readonly privateKey: PrivateKey
  /** SubjectPublicKeyInfo of the certificate, DER: what a peer knows us by that goes without certificates (RFC 7250). */
  readonly subjectPublicKeyInfo: Uint8Array
  /** When it ends, in milliseconds since 1970. */
  readonly expires: number
  /** Who has issued it and those in `chain`: distinguished names, DER. */
  readonly issuers: readonly Uint8Array[]
  /** The hosts that it is made out to. */
  readonly names: SubjectNames
  /** Schemes that the key signs with, of those that are configured; all that fit the key where it is undefined. */
  readonly signatureSchemes: readonly SignatureSchemeName[] | undefined
  /** Whether it is shown only to a peer that names one of its issuers. */
  readonly issuerRequired: boolean
  /** How it may be shown; as `DtlsConfig.ownCertificateTypes` says where it is undefined. */
  readonly types: readonly CertificateType[] | undefined
  /** The fingerprint to signal, of SHA-256 by default. */
  fingerprint(algorithm?: FingerprintAlgorithm): Fingerprint
}

/**
 * A {@link Certificate} of a DER certificate, those that vouch for it, and its key in PKCS #8 (DER): ECDSA P-256 or
 * P-384, Ed25519, or RSA of at least 2,048 bits.
 *
 * Throws {@link DtlsError} `invalid-certificate` where one of them cannot be read, the provider has no keys of this
 * kind, or key and certificate do not belong together.
 */
export function createCertificate(options: CertificateParts): Certificate {
  return read(options, checkPair)
}

/** The same of a key and a certificate that were made together, which need not be compared. */
export function createMatchingCertificate(options: CertificateParts): Certificate {
  return read(options, () => undefined)
}

export interface CertificateParts {
  readonly crypto: CryptoProvider
  readonly der: Uint8Array
  readonly pkcs8: Uint8Array
  readonly chain?: readonly Uint8Array[]
  /** What the key signs with, of the configured schemes: all that fit it by default. */
  readonly signatureSchemes?: readonly SignatureSchemeName[]
  /**
   * Whether it is shown only to a peer that names one of its issuers among the authorities it trusts (RFC 8446 §4.2.4),
   * and not, as by default, perhaps to another as well.
   */
  readonly issuerRequired?: boolean
  /** How this one may be shown, where that is another way than `DtlsConfig.ownCertificateTypes` says. */
  readonly types?: readonly CertificateType[]
}

function read(options: CertificateParts, check: typeof checkPair): Certificate {
  const { crypto, signatureSchemes, types, issuerRequired = false } = options
  const der = copyBytes(options.der)
  const chain = (options.chain ?? []).map((issuer) => copyBytes(issuer))
  try {
    const { subjectPublicKeyInfo, notAfter, extensions } = decodeCertificate(der)
    const issuers = [der, ...chain].map((one) => copyBytes(decodeCertificate(one).issuer))
    const privateKey = crypto.importPrivateKey(options.pkcs8)
    check(crypto, privateKey, subjectPublicKeyInfo)
    return {
      der,
      chain,
      privateKey,
      subjectPublicKeyInfo: copyBytes(subjectPublicKeyInfo),
      expires: notAfter,
      issuers,
      names: decodeExtensions(extensions).names,
      signatureSchemes,
      issuerRequired,
      types,
      fingerprint: (algorithm) => computeFingerprint(crypto, der, algorithm),
    }
  } catch (cause) {
    if (cause instanceof DtlsError) throw cause
    throw new DtlsError('invalid-certificate', 'certificate or key cannot be read', { cause })
  }
}

function checkPair(crypto: CryptoProvider, privateKey: PrivateKey, subjectPublicKeyInfo: Uint8Array): void {
  const publicKey = crypto.importPublicKey(subjectPublicKeyInfo)
  const scheme = probeSchemes[privateKey.kind]
  const probe = toUtf8('does this key belong to the certificate?')
  if (!publicKey.verify(scheme, probe, privateKey.sign(scheme, probe)))
    throw new DtlsError('invalid-certificate', 'the key does not belong to the certificate')
  if (publicKey.kind === 'rsa' && publicKey.bits < 2_048)
    throw new DtlsError('invalid-certificate', 'an RSA key needs 2,048 bits')
}

const probeSchemes: Readonly<Record<KeyKind, SignatureScheme>> = {
  'ec-p256': 'ecdsa_secp256r1_sha256',
  'ec-p384': 'ecdsa_secp384r1_sha384',
  ed25519: 'ed25519',
  rsa: 'rsa_pkcs1_sha256',
}
