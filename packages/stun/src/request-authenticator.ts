import type { Millis } from '@purertc/bytes'

import type { StatusCode } from './error-codes.ts'
import type { AuthenticatedMessage, IntegrityAlgorithm } from './integrity.ts'
import type { StunMessage } from './message.ts'
import type { MessageBuilder } from './message-builder.ts'
import type { TransportAddress } from './transport-address.ts'

/** A server's side of a credential mechanism: what the short-term and the long-term one have in common. */
export interface RequestAuthenticator {
  /** Types of comprehension-required attributes that the mechanism reads beyond those of RFC 8489. */
  readonly understands: readonly number[]
  /** `client` is where the request came from. */
  authenticate(now: Millis, request: StunMessage, client: TransportAddress): RequestGrant | RequestRefusal
  /** The answer to a request that was refused, neither signed nor finished. */
  refuse(
    now: Millis,
    request: StunMessage,
    client: TransportAddress,
    code: RequestRefusal['code'],
  ): MessageBuilder
}

/** A request that a user made. */
export interface RequestGrant {
  readonly granted: true
  readonly message: AuthenticatedMessage
  readonly username: string
  /** With what the answer is signed: `builder.sign(crypto, grant.key, grant.integrity)`. */
  readonly key: Uint8Array
  readonly integrity: IntegrityAlgorithm
}

/** A request to answer with {@link RequestAuthenticator.refuse}. */
export interface RequestRefusal {
  readonly granted: false
  readonly code:
    typeof StatusCode.badRequest | typeof StatusCode.unauthenticated | typeof StatusCode.staleNonce
}
