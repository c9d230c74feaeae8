import { CryptoError, type KeyExchange } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'

/**
 * The premaster secret, RFC 8422 §5.10. Throws {@link PeerMisbehaved} for a point that is not on the curve (§5.11)
 * and for an all-zero secret (RFC 7748 §6.1).
 */
export function agree(ours: KeyExchange, peerPublicKey: Uint8Array): Uint8Array {
  try {
    return ours.agree(peerPublicKey)
  } catch (cause) {
    if (cause instanceof CryptoError && cause.code === 'invalid-public-key')
      throw new PeerMisbehaved('invalid-public-key', `not a key of ${ours.group}`, { cause })
    throw cause
  }
}
