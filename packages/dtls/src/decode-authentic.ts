import { type Counters, DecodeError } from '@purertc/bytes'

import type { Discard } from './discard.ts'
import { PeerMisbehaved } from './errors.ts'

/** Reads what the peer itself has sent: a mistake in it is the peer's. Throws `PeerMisbehaved`. */
export function decodeAuthentic<T>(what: string, decode: () => T): T {
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new PeerMisbehaved('decode', `malformed ${what}`, { cause })
  }
}

/**
 * Reads what came in a record of this epoch. In the clear anybody may have sent it: a mistake is counted, and null comes
 * of it. Under keys it is the peer's.
 */
export function decodeIn<T>(
  epoch: number,
  what: string,
  discarded: Counters<Discard>,
  decode: () => T,
): T | null {
  if (epoch > 0) return decodeAuthentic(what, decode)
  try {
    return decode()
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    discarded.count('malformed-content')
    return null
  }
}
