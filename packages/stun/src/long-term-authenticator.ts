import { type Millis, toUtf8 } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import {
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  PasswordAlgorithms,
  Realm,
  Userhash,
  Username,
} from './attributes/credentials.ts'
import { StatusCode } from './error-codes.ts'
import { AccessToken, ThirdPartyAuthorization } from './attributes/third-party.ts'
import { authenticate, integrityOf } from './integrity.ts'
import { longTermKey, type PasswordHash } from './keys.ts'
import type { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import { NonceMint, type SharedNonces } from './nonce-mint.ts'
import { nonceCookie, SecurityFeature, securityFeatures } from './nonce-cookie.ts'
import type { RequestAuthenticator, RequestGrant, RequestRefusal } from './request-authenticator.ts'
import { StunError } from './stun-error.ts'
import type { TransportAddress } from './transport-address.ts'

export interface LongTermConfig {
  readonly crypto: CryptoProvider
  /** The realm that clients are told: a domain name of the provider's, RFC 8489 §9.2.4. At most 256 bytes of UTF-8. */
  readonly realm: string
  /**
   * The password of a user, `null` for nobody of ours. Several where one is being replaced: each of them is good.
   */
  readonly password: (username: string, realm: string) => string | readonly string[] | null
  /** Seconds until a nonce is stale and the client is told a new one with 438. Default 600. */
  readonly nonceLifetime?: number
  /**
   * How keys may be derived from passwords, the preferred one first. Default `['md5']`, which is what RFC 5389 clients
   * know. With more, PASSWORD-ALGORITHMS is offered.
   */
  readonly passwordHashes?: readonly PasswordHash[]
  /**
   * The user behind a USERHASH, `null` for nobody of ours: {@link UserhashIndex} does it for a list of names. With it
   * the nonce tells clients that they may hide their names (RFC 8489 §9.2); without, USERHASH is as good as no name.
   */
  readonly username?: (userhash: Uint8Array) => string | null
  /** Default: nonces are this authenticator's own, and stale for any other. */
  readonly nonces?: SharedNonces
  /** Takes users of an authorization server besides (RFC 7635). */
  readonly accessTokens?: AccessTokens
}

/** How ACCESS-TOKENs are read, RFC 7635. */
export interface AccessTokens {
  /**
   * What the authorization server knows us by: clients are told it in THIRD-PARTY-AUTHORIZATION. At most 255 bytes of
   * UTF-8, and 400 together with the realm.
   */
  readonly serverName: string
  /** The key of MESSAGE-INTEGRITY in a token sealed by the key of that name; `null` for one that is not good (now). */
  readonly open: (keyId: string, token: Uint8Array) => Uint8Array | null
}

/** A request that a user made. */
export type LongTermGrant = RequestGrant

/** A request to answer with {@link LongTermAuthenticator.refuse}. */
export type LongTermRefusal = RequestRefusal

/**
 * The server's side of the long-term credential mechanism, RFC 8489 §9.2.4: what a STUN server and a TURN server share.
 * It keeps nothing about clients: a nonce is the time of its making with an HMAC over that time and the client's
 * address, so a nonce is good for one address, and a restart makes all of them stale.
 *
 * @example
 * const authenticator = new LongTermAuthenticator({ crypto, realm: 'example.org', password: (user) => users.get(user)
 * ?? null }) const outcome = authenticator.authenticate(now, request, client) if (!outcome.granted) return
 * reply(authenticator.refuse(now, request, client, outcome.code))
 * reply(MessageBuilder.success(outcome.message).sign(crypto, outcome.key, outcome.integrity))
 */
export class LongTermAuthenticator implements RequestAuthenticator {
  readonly realm: string
  readonly understands: readonly number[]
  readonly #crypto: CryptoProvider
  readonly #password: LongTermConfig['password']
  readonly #username: ((userhash: Uint8Array) => string | null) | null
  readonly #hashes: readonly PasswordHash[]
  /** Null where only MD5 is offered, as RFC 5389 servers do. */
  readonly #offer: readonly number[] | null
  readonly #nonces: NonceMint
  readonly #accessTokens: AccessTokens | null

  /**
   * Throws {@link StunError} `invalid-value` for a realm, or a server name of `accessTokens`, so long that the challenge
   * might not fit a datagram.
   */
  constructor(config: LongTermConfig) {
    const [realmLength, nameLength] = [config.realm, config.accessTokens?.serverName ?? ''].map(
      (text) => toUtf8(text).length,
    ) as [number, number]
    if (realmLength > 256 || nameLength > 255 || realmLength + nameLength > 400)
      throw new StunError('invalid-value', 'the realm is too long, or the name of the server')
    this.realm = config.realm
    this.#crypto = config.crypto
    this.#password = config.password
    this.#username = config.username ?? null
    this.#accessTokens = config.accessTokens ?? null
    this.understands = this.#accessTokens === null ? [] : [AccessToken.type]
    this.#hashes = config.passwordHashes ?? ['md5']
    const isLegacy = this.#hashes.every((hash) => hash === 'md5')
    this.#offer = isLegacy ? null : this.#hashes.map((hash) => PasswordAlgorithmNumber[hash])
    const cookie = nonceCookie(
      (isLegacy ? 0 : SecurityFeature.passwordAlgorithms) |
        (this.#username === null ? 0 : SecurityFeature.usernameAnonymity),
    )
    const lifetime = 1_000 * (config.nonceLifetime ?? 600)
    this.#nonces = new NonceMint(config.crypto, cookie, config.realm, lifetime, config.nonces)
  }

  /** Checks a request in the order of RFC 8489 §9.2.4. `client` is where it came from. */
  authenticate(now: Millis, request: StunMessage, client: TransportAddress): LongTermGrant | LongTermRefusal {
    if (request.integrityAt < 0 && request.integritySha256At < 0) return refusal(StatusCode.unauthenticated)
    const username = this.#nameIn(request)
    const nonce = request.get(Nonce)
    if (username === undefined || nonce === undefined || request.get(Realm) === undefined)
      return refusal(StatusCode.badRequest)
    const token = this.#accessTokens === null ? undefined : request.get(AccessToken)
    const proof =
      token === undefined
        ? this.#provePassword(request, username, nonce)
        : this.#proveToken(request, username, token)
    if (typeof proof === 'number') return refusal(proof)
    if (!this.isFresh(now, nonce, client)) return refusal(StatusCode.staleNonce)
    return proof
  }

  #provePassword(request: StunMessage, username: string | null, nonce: string): LongTermGrant | Refusal {
    const negotiated = this.#negotiatedHash(request, nonce)
    if (negotiated === 'invalid') return StatusCode.badRequest
    const hash = negotiated ?? 'md5'
    const isKnown = username !== null && this.#hashes.includes(hash)
    const passwords = isKnown ? this.#password(username, this.realm) : null
    // Nobody's key takes as long as somebody's: the time shall not tell which names exist.
    for (const password of typeof passwords === 'string' ? [passwords] : (passwords ?? [''])) {
      const key = longTermKey(this.#crypto, username ?? '', this.realm, password, hash)
      const message = authenticate(this.#crypto, request, key)
      if (message === null || username === null || passwords === null) continue
      return { granted: true, message, username, key, integrity: negotiated === null ? 'sha1' : 'sha256' }
    }
    return StatusCode.unauthenticated
  }

  /** RFC 7635 §4.1: the name is that of the key that opens the token, and the key to everything is in the token. */
  #proveToken(request: StunMessage, keyId: string | null, token: Uint8Array): LongTermGrant | Refusal {
    const key = keyId === null ? null : (this.#accessTokens?.open(keyId, token) ?? null)
    const message = key === null ? null : authenticate(this.#crypto, request, key)
    const integrity = integrityOf(request)
    if (key === null || keyId === null || message === null || integrity === null)
      return StatusCode.unauthenticated
    return { granted: true, message, username: keyId, key, integrity }
  }

  /**
   * The answer to a request that was refused, neither signed nor finished: ERROR-CODE, and for 401 and 438 the
   * challenge.
   */
  refuse(
    now: Millis,
    request: StunMessage,
    client: TransportAddress,
    code: LongTermRefusal['code'],
  ): MessageBuilder {
    const response = MessageBuilder.error(request, code)
    if (code === StatusCode.badRequest) return response
    response.add(Realm, this.realm).add(Nonce, this.makeNonce(now, client))
    response.addIf(ThirdPartyAuthorization, this.#accessTokens?.serverName)
    return this.#offer === null ? response : response.add(PasswordAlgorithms, this.#offer)
  }

  /** A nonce for one client, good from `now` on for the configured lifetime. */
  makeNonce(now: Millis, client: TransportAddress): string {
    return this.#nonces.make(now, client)
  }

  /** Whether the nonce is ours, was made for that client, and is not too old. */
  isFresh(now: Millis, nonce: string, client: TransportAddress): boolean {
    return this.#nonces.isFresh(now, nonce, client)
  }

  /** The name in USERNAME or behind USERHASH; `null` for a hash that is nobody's, `undefined` where there is neither. */
  #nameIn(request: StunMessage): string | null | undefined {
    const username = request.get(Username)
    if (username !== undefined || this.#username === null) return username
    const hash = request.get(Userhash)
    return hash === undefined ? undefined : this.#username(hash)
  }

  /** The hash that the client chose from our offer; `null` for one that does not take part in the choice. */
  #negotiatedHash(request: StunMessage, nonce: string): PasswordHash | null | 'invalid' {
    if ((securityFeatures(nonce) & SecurityFeature.passwordAlgorithms) === 0) return null
    const isChosen = request.has(PasswordAlgorithm)
    const isRepeated = request.has(PasswordAlgorithms)
    if (!isChosen && !isRepeated) return null
    const repeated = request.get(PasswordAlgorithms)
    if (this.#offer === null || repeated?.join() !== this.#offer.join()) return 'invalid'
    const chosen = this.#offer.indexOf(request.get(PasswordAlgorithm) ?? -1)
    return this.#hashes[chosen] ?? 'invalid'
  }
}

type Refusal = LongTermRefusal['code']

function refusal(code: LongTermRefusal['code']): LongTermRefusal {
  return { granted: false, code }
}
