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
