import { equalConstantTime } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'

declare const proof: unique symbol

/** Proof that the peer saw the same handshake as we did, message by message, and has its secret. */
export interface FinishedVerified {
  readonly [proof]: 'finished'
}

/**
 * RFC 5246 §7.4.9. The only origin of {@link FinishedVerified}: review this function, not its callers. Takes as long
 * for a near miss as for a wild guess.
 */
export function verifyFinished(expected: Uint8Array, received: Uint8Array): FinishedVerified {
  // RFC 8446 §4.4.4 has one alert for whatever is wrong with it.
  if (received.length !== expected.length)
    throw new PeerMisbehaved('bad-finished', `verify_data has ${expected.length} bytes`)
  if (!equalConstantTime(expected, received)) throw new PeerMisbehaved('bad-finished', 'verify_data differs')
  return verified as FinishedVerified
}

const verified: unknown = Object.freeze({})
