import { Writer } from '@purertc/bytes'

declare const proof: unique symbol

/**
 * Proof that the secret of this handshake cannot be had without the shared key: whoever then shows a good Finished
 * holds that key.
 */
export interface PskMixed {
  readonly [proof]: 'psk'
  /** The name that the key goes by. */
  readonly identity: Uint8Array
  readonly preMasterSecret: Uint8Array
}

/**
 * The premaster secret of RFC 4279 §2 and RFC 5489 §2: | other_secret <0..2^16-1> | psk <0..2^16-1> |, where the other
 * secret is that of ECDHE, or as many zeros as the key has bytes. The only origin of {@link PskMixed}: review this
 * function, not its callers.
 */
export function mixPsk(identity: Uint8Array, key: Uint8Array, sharedSecret: Uint8Array | null): PskMixed {
  const other = sharedSecret ?? new Uint8Array(key.length)
  const writer = new Writer(4 + other.length + key.length)
  writer.u16(other.length)
  writer.bytes(other)
  writer.u16(key.length)
  writer.bytes(key)
  return { identity, preMasterSecret: writer.finish() } as PskMixed
}
