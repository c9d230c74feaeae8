import { CryptoError } from './crypto-error.ts'

/** RFC 7748 §5 (X25519) and the NIST curves of SEC 2. */
export type KeyExchangeGroup = 'x25519' | 'p-256' | 'p-384'

/** One ephemeral key pair: used for one handshake, then forgotten. */
export interface KeyExchange {
  readonly group: KeyExchangeGroup
  /** X25519: 32 bytes. NIST curves: the uncompressed point, 0x04 first. */
  readonly publicKey: Uint8Array
  /**
   * The shared secret: 32 bytes of X25519, or the x coordinate. Throws `CryptoError` `invalid-public-key` where the
   * peer's key is no point on the curve, or the secret is all zero (RFC 7748 §6.1).
   */
  agree(peerPublicKey: Uint8Array): Uint8Array
}

/** For providers: only the uncompressed form of a point is allowed on the wire (RFC 8422 §5.4.1). */
export function checkKeyShare(group: KeyExchangeGroup, publicKey: Uint8Array): void {
  const length = keyShareSizes[group]
  if (publicKey.length !== length || (group !== 'x25519' && publicKey[0] !== 4))
    throw new CryptoError('invalid-public-key', `a key share of ${group} has ${length} bytes, uncompressed`)
}

const keyShareSizes: Readonly<Record<KeyExchangeGroup, number>> = { x25519: 32, 'p-256': 65, 'p-384': 97 }
