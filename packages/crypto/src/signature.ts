/** Signature schemes by their TLS names, RFC 8446 §4.2.3. ECDSA signatures are DER (`Ecdsa-Sig-Value`). */
export type SignatureScheme =
  'ecdsa_secp256r1_sha256' | 'ecdsa_secp384r1_sha384' | 'ed25519' | 'rsa_pss_rsae_sha256' | 'rsa_pkcs1_sha256'

export type KeyKind = 'ec-p256' | 'ec-p384' | 'ed25519' | 'rsa'

/** The kind of key that each scheme needs. */
export const keyKindOf: Readonly<Record<SignatureScheme, KeyKind>> = {
  ecdsa_secp256r1_sha256: 'ec-p256',
  ecdsa_secp384r1_sha384: 'ec-p384',
  ed25519: 'ed25519',
  rsa_pss_rsae_sha256: 'rsa',
  rsa_pkcs1_sha256: 'rsa',
}

export interface PublicKey {
  readonly kind: KeyKind
  /** Whether `signature` over `data` is this key's. False, never a throw, for a signature of any other bytes. */
  verify(scheme: SignatureScheme, data: Uint8Array, signature: Uint8Array): boolean
}

export interface PrivateKey {
  readonly kind: KeyKind
  /** Throws `CryptoError` `unsupported` where the scheme does not fit the key. */
  sign(scheme: SignatureScheme, data: Uint8Array): Uint8Array
}
