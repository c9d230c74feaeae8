import { equalBytes, toHex } from '@purertc/bytes'
import type { PublicKey, SignatureScheme } from '@purertc/crypto'

import type { X509Fields } from './x509.ts'

/**
 * Whether a certificate was signed by this key, with an algorithm that is still safe: SHA-1 and MD5 are not, and a
 * certificate that names two algorithms (RFC 5280 §4.1.1.2) has been tampered with.
 */
export function isSignedBy(certificate: X509Fields, key: PublicKey): boolean {
  const [inner, outer] = certificate.signatureAlgorithms
  const scheme = schemes.get(toHex(outer))
  if (scheme === undefined || !equalBytes(inner, outer)) return false
  return key.verify(scheme, certificate.tbs, certificate.signature)
}

/**
 * AlgorithmIdentifiers of RSASSA-PSS with one hash throughout and a salt of its length, RFC 4055 §3.1. The hash's own
 * parameters may be NULL or absent (§2.1).
 */
const pss = (hash: string, saltLength: string, scheme: SignatureScheme): [string, SignatureScheme][] => {
  const oid = `0609608648016503040${hash}`
  const tail = `a2030201${saltLength}`
  return [
    [
      `304106092a864886f70d01010a3034a00f300d${oid}0500a11c301a06092a864886f70d010108300d${oid}0500${tail}`,
      scheme,
    ],
    [`303d06092a864886f70d01010a3030a00d300b${oid}a11a301806092a864886f70d010108300b${oid}${tail}`, scheme],
  ]
}

/** By AlgorithmIdentifier, DER in hexadecimal. */
const schemes: ReadonlyMap<string, SignatureScheme> = new Map<string, SignatureScheme>([
  ['300a06082a8648ce3d040302', 'ecdsa_sha256'], // ecdsa-with-SHA256 and so on, RFC 5758 §3.2
  ['300a06082a8648ce3d040303', 'ecdsa_sha384'],
  ['300a06082a8648ce3d040304', 'ecdsa_sha512'],
  ['300506032b6570', 'ed25519'], // RFC 8410 §3
  ['300d06092a864886f70d01010b0500', 'rsa_pkcs1_sha256'], // RFC 4055 §5
  ['300d06092a864886f70d01010c0500', 'rsa_pkcs1_sha384'],
  ['300d06092a864886f70d01010d0500', 'rsa_pkcs1_sha512'],
  ...pss('201', '20', 'rsa_pss_rsae_sha256'),
  ...pss('202', '30', 'rsa_pss_rsae_sha384'),
  ...pss('203', '40', 'rsa_pss_rsae_sha512'),
])
