import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { Username } from './attributes/credentials.ts'
import { StatusCode } from './error-codes.ts'
import { authenticate, integrityOf } from './integrity.ts'
import { shortTermKey } from './keys.ts'
import type { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import type { RequestAuthenticator, RequestGrant, RequestRefusal } from './request-authenticator.ts'
import type { TransportAddress } from './transport-address.ts'

export interface ShortTermConfig {
  readonly crypto: CryptoProvider
  /** The password that was agreed on with that user, `null` for nobody of ours or when its time is over. */
  readonly password: (username: string) => string | null
}

/**
 * The server's side of the short-term credential mechanism, RFC 8489 §9.1.3: name and password were agreed on elsewhere,
 * there is no challenge and no nonce. Answers are signed as the request was.
 */
export class ShortTermAuthenticator implements RequestAuthenticator {
  readonly understands: readonly number[] = []
  readonly #crypto: CryptoProvider
  readonly #password: (username: string) => string | null

  constructor(config: ShortTermConfig) {
    this.#crypto = config.crypto
    this.#password = config.password
  }

  authenticate(_now: Millis, request: StunMessage): RequestGrant | RequestRefusal {
    const integrity = integrityOf(request)
    const username = request.get(Username)
    if (integrity === null || username === undefined) return { granted: false, code: StatusCode.badRequest }
    const password = this.#password(username)
    // Nobody's key takes as long as somebody's: the time shall not tell which names exist.
    const key = shortTermKey(password ?? 'nobody')
    const message = authenticate(this.#crypto, request, key)
    if (message === null || password === null) return { granted: false, code: StatusCode.unauthenticated }
    return { granted: true, message, username, key, integrity }
  }

  /** RFC 8489 §9.1.3: a refusal says neither whose it is nor carries integrity. */
  refuse(
    _now: Millis,
    request: StunMessage,
    _client: TransportAddress,
    code: RequestRefusal['code'],
  ): MessageBuilder {
    return MessageBuilder.error(request, code)
  }
}
