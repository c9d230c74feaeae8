import type { CryptoProvider } from '@purertc/crypto'
import { sessionIdFrom } from '@purertc/sdp'

/** A random `sess-id` for the descriptions of a connection, RFC 8829 §5.2.1. */
export function newSessionId(crypto: CryptoProvider): string {
  const random = new Uint8Array(8)
  crypto.randomFill(random)
  return sessionIdFrom(random)
}
