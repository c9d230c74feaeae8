/**
 * Signature schemes by their TLS names, RFC 8446 §4.2.3. ECDSA signatures are DER (`Ecdsa-Sig-Value`).
 *
 * `ecdsa_sha256` and its kin, without a curve in the name, are ECDSA as TLS 1.2 and certificates know it: any hash may
 * go with any curve (RFC 5246 §7.4.1.4.1, RFC 5758 §3.2).
 */
export type SignatureScheme =
  | 'ecdsa_secp256r1_sha256'
  | 'ecdsa_secp384r1_sha384'
  | 'ecdsa_sha256'
  | 'ecdsa_sha384'
  | 'ecdsa_sha512'
  | 'ed25519'
  | 'rsa_pss_rsae_sha256'
  | 'rsa_pss_rsae_sha384'
  | 'rsa_pss_rsae_sha512'
  | 'rsa_pkcs1_sha256'
  | 'rsa_pkcs1_sha384'
  | 'rsa_pkcs1_sha512'

export type KeyKind = 'ec-p256' | 'ec-p384' | 'ed25519' | 'rsa'

/** The kinds of key that each scheme works with. */
export const keyKindsOf: Readonly<Record<SignatureScheme, readonly KeyKind[]>> = {
  ecdsa_secp256r1_sha256: ['ec-p256'],
  ecdsa_secp384r1_sha384: ['ec-p384'],
  ecdsa_sha256: ['ec-p256', 'ec-p384'],
  ecdsa_sha384: ['ec-p256', 'ec-p384'],
  ecdsa_sha512: ['ec-p256', 'ec-p384'],
  ed25519: ['ed25519'],
  rsa_pss_rsae_sha256: ['rsa'],
  rsa_pss_rsae_sha384: ['rsa'],
  rsa_pss_rsae_sha512: ['rsa'],
  rsa_pkcs1_sha256: ['rsa'],
  rsa_pkcs1_sha384: ['rsa'],
  rsa_pkcs1_sha512: ['rsa'],
}

export interface PublicKey {
  readonly kind: KeyKind
  /** Bits of an RSA modulus, or of the curve's order. */
  readonly bits: number
  /** Whether `signature` over `data` is this key's. False, never a throw, for a signature of any other bytes. */
  verify(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean
}

export interface PrivateKey {
  readonly kind: KeyKind
  /** Throws `CryptoError` `unsupported` where the scheme does not fit the key. */
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array
}
