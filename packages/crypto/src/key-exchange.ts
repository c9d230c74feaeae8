import { CryptoError } from './crypto-error.ts'

/** RFC 7748 §5 (X25519) and the NIST curves of SEC 2. */
export type CurveGroup = 'x25519' | 'p-256' | 'p-384'

/** The curves, and ML-KEM-768 (FIPS 203) beside X25519: who breaks one of the two has nothing yet. */
export type KeyExchangeGroup = CurveGroup | 'x25519mlkem768'

/** One ephemeral key pair: used for one handshake, then forgotten. */
export interface KeyExchange {
  readonly group: KeyExchangeGroup
  /** X25519: 32 bytes. NIST curves: the uncompressed point, 0x04 first. Hybrid: ML-KEM's 1,184 bytes, then X25519's. */
  readonly publicKey: Uint8Array
  /**
   * The shared secret: 32 bytes of X25519, the x coordinate, or both secrets of the hybrid. Throws `CryptoError`
   * `invalid-public-key` where the peer's key is no point on the curve, or the secret is all zero (RFC 7748 §6.1).
   */
  agree(peerPublicKey: Uint8Array): Uint8Array
}

/** What whoever was sent a public key answers with. For a curve, a public key as well; for a KEM, a ciphertext. */
export interface KeyExchangeAnswer {
  readonly publicKey: Uint8Array
  readonly secret: Uint8Array
}

/** For providers: on a curve, both ends do the same. */
export function answerOnCurve(ours: KeyExchange, peerPublicKey: Uint8Array): KeyExchangeAnswer {
  return { publicKey: ours.publicKey, secret: ours.agree(peerPublicKey) }
}

/** For providers: only the uncompressed form of a point is allowed on the wire (RFC 8422 §5.4.1). */
export function checkKeyShare(group: CurveGroup, publicKey: Uint8Array): void {
  const length = keyShareSizes[group]
  if (publicKey.length !== length || (group !== 'x25519' && publicKey[0] !== 4))
    throw new CryptoError('invalid-public-key', `a key share of ${group} has ${length} bytes, uncompressed`)
}

const keyShareSizes: Readonly<Record<CurveGroup, number>> = { x25519: 32, 'p-256': 65, 'p-384': 97 }
