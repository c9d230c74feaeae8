import {
  CryptoError,
  type CryptoProvider,
  type KeyExchange,
  type KeyExchangeAnswer,
  type KeyExchangeGroup,
} from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'

/**
 * The shared secret: in DTLS 1.2 the premaster secret, RFC 8422 §5.10. Throws {@link PeerMisbehaved} for a point that
 * is not on the curve (§5.11) and for an all-zero secret (RFC 7748 §6.1).
 */
export function agree(ours: KeyExchange, peerPublicKey: Uint8Array): Uint8Array {
  return guard(ours.group, () => ours.agree(peerPublicKey))
}

/** A share that answers the peer's, and the shared secret. Throws as {@link agree}. */
export function answer(
  crypto: CryptoProvider,
  group: KeyExchangeGroup,
  peerPublicKey: Uint8Array,
): KeyExchangeAnswer {
  return guard(group, () => crypto.answerKeyExchange(group, peerPublicKey))
}

function guard<T>(group: KeyExchangeGroup, action: () => T): T {
  try {
    return action()
  } catch (cause) {
    if (cause instanceof CryptoError && cause.code === 'invalid-public-key')
      throw new PeerMisbehaved('invalid-public-key', `not a key of ${group}`, { cause })
    throw cause
  }
}
