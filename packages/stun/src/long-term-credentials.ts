import type { CryptoProvider } from '@purertc/crypto'

import type { AccessCredentials } from './access-token.ts'
import {
  Nonce,
  PasswordAlgorithm,
  PasswordAlgorithmNumber,
  PasswordAlgorithms,
  Realm,
  Userhash,
  Username,
} from './attributes/credentials.ts'
import { ErrorCode } from './attributes/outcome.ts'
import { AccessToken, ThirdPartyAuthorization } from './attributes/third-party.ts'
import { StatusCode } from './error-codes.ts'
import { authenticate, type AuthenticatedMessage, type IntegrityAlgorithm, integrityOf } from './integrity.ts'
import { longTermKey, type PasswordHash, userhash } from './keys.ts'
import type { StunMessage } from './message.ts'
import { MessageBuilder } from './message-builder.ts'
import { MessageClass, Method } from './message-type.ts'
import { SecurityFeature, securityFeatures } from './nonce-cookie.ts'

/**
 * The client's side of the long-term credential mechanism, RFC 8489 §9.2.3 and §9.2.5, for one server: what a STUN
 * client and a TURN client share. The first request goes out bare; the server's 401 brings realm and nonce, and from
 * then on every request is signed.
 *
 * @example
 * const credentials = new LongTermCredentials(crypto, 'user', 'secret')
 * const wasSigned = credentials.isChallenged
 * transactions.start(now, server, credentials.sign(builder).finish(), { wasSigned })
 * // for a 401 or 438 to it:
 * if (credentials.learn(response, wasSigned)) return sendAgainInANewTransaction()
 * // for any other answer to a signed request:
 * const trusted = credentials.authenticate(response)
 */
export class LongTermCredentials {
  readonly username: string
  readonly #crypto: CryptoProvider
  readonly #secret: string | AccessCredentials
  #challenge: Challenge | null = null

  /**
   * `secret`: the password, or what an authorization server gave us (RFC 7635), whose `keyId` is then the username. Throws
   * {@link StunError} `invalid-value` for a name or a token that no request can carry.
   */
  constructor(crypto: CryptoProvider, username: string, secret: string | AccessCredentials) {
    this.#crypto = crypto
    this.username = typeof secret === 'string' ? username : secret.keyId
    this.#secret = secret
    // Else the server's challenge would find out, in the middle of a datagram's handling.
    const trial = new MessageBuilder(Method.binding, MessageClass.request, new Uint8Array(12))
    trial.add(Username, this.username)
    if (typeof secret !== 'string') trial.add(AccessToken, secret.token)
  }

  /** The same user with what was learned so far, for another connection to the same server, which goes on by itself. */
  fork(): LongTermCredentials {
    const fork = new LongTermCredentials(this.#crypto, this.username, this.#secret)
    fork.#challenge = this.#challenge
    return fork
  }

  /** Whether {@link LongTermCredentials.sign} signs: the server has told its realm and a nonce. */
  get isChallenged(): boolean {
    return this.#challenge !== null
  }

  /** The server's realm, `null` before the first challenge. */
  get realm(): string | null {
    return this.#challenge?.realm ?? null
  }

  /** Adds name, realm, nonce and integrity; nothing before the first challenge. Call it last. */
  sign(request: MessageBuilder): MessageBuilder {
    const challenge = this.#challenge
    if (challenge === null) return request
    const { realm, nonce, offer, hash, key, integrity } = challenge
    if ((securityFeatures(nonce) & SecurityFeature.usernameAnonymity) === 0)
      request.add(Username, this.username)
    else request.add(Userhash, userhash(this.#crypto, this.username, realm))
    request.add(Realm, realm).add(Nonce, nonce)
    if (typeof this.#secret !== 'string') request.add(AccessToken, this.#secret.token)
    if (offer !== null)
      request.add(PasswordAlgorithms, offer).add(PasswordAlgorithm, PasswordAlgorithmNumber[hash])
    return request.sign(this.#crypto, key, integrity)
  }

  /**
   * Takes the challenge of a 401 or 438 and says whether the request is worth another transaction. It is not where the
   * server has refused these very credentials, where the challenge is incomplete, or where somebody has removed the
   * server's algorithms from it. The caller bounds how often it tries.
   *
   * @param wasSigned whether the request that this answers was signed
   */
  learn(response: StunMessage, wasSigned: boolean): boolean {
    const nonce = response.get(Nonce)
    const realm = response.get(Realm) ?? this.realm ?? undefined
    if (nonce === undefined || realm === undefined || isBidDown(response)) return false
    const code = response.get(ErrorCode)?.code
    if (code === StatusCode.unauthenticated && wasSigned && realm === this.realm) return false
    if (code === StatusCode.staleNonce && nonce === this.#challenge?.nonce && wasSigned) return false
    if (typeof this.#secret !== 'string') return this.#learnForToken(response, realm, nonce, this.#secret)
    const offer = response.get(PasswordAlgorithms) ?? null
    const hash = offer === null ? 'md5' : firstSupported(offer)
    if (hash === null) return false
    const key = longTermKey(this.#crypto, this.username, realm, this.#secret, hash)
    this.#challenge = { realm, nonce, offer, hash, key, integrity: offer === null ? 'sha1' : 'sha256' }
    return true
  }

  /** RFC 7635 §4: only a server that says whose tokens it takes is shown one. */
  #learnForToken(
    response: StunMessage,
    realm: string,
    nonce: string,
    { macKey: key }: AccessCredentials,
  ): boolean {
    const isStale = response.get(ErrorCode)?.code === StatusCode.staleNonce
    if (!isStale && !response.has(ThirdPartyAuthorization)) return false
    this.#challenge = { realm, nonce, offer: null, hash: 'md5', key, integrity: 'sha1' }
    return true
  }

  /**
   * The answer to a signed request, if it was signed with the same key and algorithm. Others are to be dropped as if
   * they had never come (RFC 8489 §9.2.5).
   */
  authenticate(response: StunMessage): AuthenticatedMessage | null {
    const challenge = this.#challenge
    if (challenge === null || integrityOf(response) !== challenge.integrity || isBidDown(response))
      return null
    return authenticate(this.#crypto, response, challenge.key)
  }
}

interface Challenge {
  readonly realm: string
  readonly nonce: string
  /** PASSWORD-ALGORITHMS, to be repeated; `null` for a server that does not negotiate. */
  readonly offer: readonly number[] | null
  readonly hash: PasswordHash
  readonly key: Uint8Array
  readonly integrity: IntegrityAlgorithm
}

/** The nonce says that algorithms are offered, and they are gone: RFC 8489 §9.2.1. */
function isBidDown(response: StunMessage): boolean {
  const features = securityFeatures(response.get(Nonce) ?? '')
  return (features & SecurityFeature.passwordAlgorithms) !== 0 && !response.has(PasswordAlgorithms)
}

function firstSupported(offer: readonly number[]): PasswordHash | null {
  for (const number of offer) {
    if (number === PasswordAlgorithmNumber.sha256) return 'sha256'
    if (number === PasswordAlgorithmNumber.md5) return 'md5'
  }
  return null
}
