import { equalConstantTime } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'

declare const proof: unique symbol

/** Proof that a client which names a shared key holds it, and made its ClientHello with it. */
export interface BinderVerified {
  readonly [proof]: 'binder'
}

/**
 * RFC 8446 §4.2.11: a server takes up no key before this. The only origin of {@link BinderVerified}: review this
 * function, not its callers. Takes as long for a near miss as for a wild guess.
 */
export function verifyBinder(expected: Uint8Array, received: Uint8Array): BinderVerified {
  if (received.length !== expected.length || !equalConstantTime(expected, received))
    throw new PeerMisbehaved('bad-binder', 'the binder of the shared key differs')
  return verified as BinderVerified
}

const verified: unknown = Object.freeze({})
