import { type KeyKind, keyKindsOf, type SignatureScheme } from '@purertc/crypto'

import { ProtocolVersion } from './protocol-version.ts'

/** The schemes that can be configured, by their names in the registry "TLS SignatureScheme". */
export type SignatureSchemeName = Exclude<SignatureScheme, 'ecdsa_sha256' | 'ecdsa_sha384' | 'ecdsa_sha512'>

/**
 * A scheme with its number in the registry. In DTLS 1.2 the two bytes are hash and signature, and an ECDSA hash goes
 * with any curve (RFC 5246 §7.4.1.4.1); in 1.3 curve and hash are bound, and PKCS#1 signs certificates alone (RFC 8446
 * §4.2.3).
 */
export interface NamedSignatureScheme {
  readonly id: number
  readonly name: SignatureSchemeName
  readonly dtls12: SignatureScheme
  /** Null where it may not sign a handshake. */
  readonly dtls13: SignatureScheme | null
}

/** All there are, best first. */
export const signatureSchemes: readonly NamedSignatureScheme[] = [
  { id: 0x0403, name: 'ecdsa_secp256r1_sha256', dtls12: 'ecdsa_sha256', dtls13: 'ecdsa_secp256r1_sha256' },
  { id: 0x0503, name: 'ecdsa_secp384r1_sha384', dtls12: 'ecdsa_sha384', dtls13: 'ecdsa_secp384r1_sha384' },
  { id: 0x0807, name: 'ed25519', dtls12: 'ed25519', dtls13: 'ed25519' },
  { id: 0x0804, name: 'rsa_pss_rsae_sha256', dtls12: 'rsa_pss_rsae_sha256', dtls13: 'rsa_pss_rsae_sha256' },
  { id: 0x0805, name: 'rsa_pss_rsae_sha384', dtls12: 'rsa_pss_rsae_sha384', dtls13: 'rsa_pss_rsae_sha384' },
  { id: 0x0806, name: 'rsa_pss_rsae_sha512', dtls12: 'rsa_pss_rsae_sha512', dtls13: 'rsa_pss_rsae_sha512' },
  { id: 0x0401, name: 'rsa_pkcs1_sha256', dtls12: 'rsa_pkcs1_sha256', dtls13: null },
  { id: 0x0501, name: 'rsa_pkcs1_sha384', dtls12: 'rsa_pkcs1_sha384', dtls13: null },
  { id: 0x0601, name: 'rsa_pkcs1_sha512', dtls12: 'rsa_pkcs1_sha512', dtls13: null },
]

/** What the scheme's number means in this version; null where it may not sign a handshake. */
export const meaningIn = (version: ProtocolVersion, scheme: NamedSignatureScheme): SignatureScheme | null =>
  version === ProtocolVersion.dtls13 ? scheme.dtls13 : scheme.dtls12

export const fitsKey = (scheme: SignatureScheme | null, kind: KeyKind): boolean =>
  scheme !== null && keyKindsOf[scheme].includes(kind)

/**
 * The first of ours that fits the key and that the peer lists. A hash that is the curve's own comes before others,
 * which 1.2 would allow as well.
 */
export const chooseSignatureScheme = (
  version: ProtocolVersion,
  kind: KeyKind,
  ours: readonly NamedSignatureScheme[],
  offered: readonly number[],
): NamedSignatureScheme | undefined => {
  const shared = ours.filter(({ id }) => offered.includes(id))
  return (
    shared.find(({ dtls13 }) => fitsKey(dtls13, kind)) ??
    shared.find((scheme) => fitsKey(meaningIn(version, scheme), kind))
  )
}
