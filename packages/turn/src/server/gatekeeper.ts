import type { Millis } from '@purertc/bytes'
import {
  LongTermAuthenticator,
  type LongTermGrant,
  Nonce,
  Realm,
  StatusCode,
  StunMessage,
  type TransportAddress,
  Username,
} from '@purertc/stun'

import type { Applicant, Signer } from './allocation.ts'
import type { Passwords, TurnServerConfig, TurnServerDiscard, TurnServerHost } from './config.ts'
import type { Destination, Responder } from './responder.ts'
import { UserLookups } from './user-lookups.ts'

/**
 * Lets requests of users in, whose passwords the host may have to look up first. Whoever is no user gets a challenge,
 * for which nothing is kept.
 */
export class Gatekeeper {
  readonly #config: TurnServerConfig
  readonly #host: TurnServerHost
  readonly #responder: Responder
  readonly #admit: (now: Millis, applicant: Applicant, message: StunMessage) => void
  readonly #authenticator: LongTermAuthenticator
  readonly #lookups = new UserLookups()
  /** The password that the host has just found, for the requests that waited for it. */
  #found: { readonly username: string; readonly passwords: Passwords } | null = null

  /** `admit` is told of every request of a user. */
  constructor(
    config: TurnServerConfig,
    host: TurnServerHost,
    responder: Responder,
    admit: (now: Millis, applicant: Applicant, message: StunMessage) => void,
  ) {
    const { crypto, realm, nonceLifetime, nonces, accessTokens } = config
    this.#config = config
    this.#host = host
    this.#responder = responder
    this.#admit = admit
    this.#authenticator = new LongTermAuthenticator({
      crypto,
      realm,
      password: (username) => this.#passwordsOf(username) ?? null,
      ...(nonceLifetime === undefined ? {} : { nonceLifetime }),
      ...(nonces === undefined ? {} : { nonces }),
      ...(accessTokens === undefined ? {} : { accessTokens }),
    })
  }

  /** Requests that wait for a password. */
  get waiting(): number {
    return this.#lookups.size
  }

  /** Why the request is dropped, `null` where it is answered, or will be. */
  handleRequest(
    now: Millis,
    listener: number,
    client: TransportAddress,
    message: StunMessage,
  ): TurnServerDiscard | null {
    const to = { listener, client }
    const username = this.#unknownUser(message)
    if (username === null) {
      this.#judge(now, to, message)
      return null
    }
    // A stale nonce comes before the password here: nobody's address is forged whom we look up.
    if (!this.#authenticator.isFresh(now, message.get(Nonce) ?? '', client)) {
      const response = this.#authenticator.refuse(now, message, client, StatusCode.staleNonce)
      this.#responder.challenge(to, response, StatusCode.staleNonce, message.hasFingerprint)
      return null
    }
    const outcome = this.#lookups.park(now, username, to, message)
    if (outcome === 'started') this.#host.lookUpPassword?.(username, this.#config.realm)
    return outcome === 'full' ? 'busy' : null
  }

  /** The host's answer to `lookUpPassword`. */
  passwordFound(now: Millis, username: string, passwords: Passwords): void {
    for (const { listener, client, bytes } of this.#lookups.settle(username)) {
      const message = StunMessage.decode(bytes)
      if (message === null) continue
      this.#found = { username, passwords }
      this.#judge(now, { listener, client }, message)
      this.#found = null
    }
  }

  /** The host cannot tell: who waits is not answered, and asks again. */
  passwordNotFound(username: string): void {
    this.#lookups.settle(username)
  }

  close(): void {
    this.#lookups.clear()
  }

  /** The name in a signed request whose password the host is to look up; `null` where there is none such. */
  #unknownUser(message: StunMessage): string | null {
    if (this.#host.lookUpPassword === undefined) return null
    if (message.integrityAt < 0 && message.integritySha256At < 0) return null
    const username = message.get(Username)
    if (username === undefined || !message.has(Nonce) || !message.has(Realm)) return null
    return this.#passwordsOf(username) === undefined ? username : null
  }

  #passwordsOf(username: string): Passwords | undefined {
    if (this.#found?.username === username) return this.#found.passwords
    return this.#config.authenticate(username, this.#config.realm)
  }

  #judge(now: Millis, to: Destination, message: StunMessage): void {
    const { client } = to
    const outcome = this.#authenticator.authenticate(now, message, client)
    if (outcome.granted) {
      this.#admit(now, { ...to, username: outcome.username, request: signerOf(outcome) }, message)
      return
    }
    const response = this.#authenticator.refuse(now, message, client, outcome.code)
    this.#responder.challenge(to, response, outcome.code, message.hasFingerprint)
  }
}

function signerOf({ message, key, integrity }: LongTermGrant): Signer {
  const { method, transactionId, hasFingerprint } = message
  return { method, transactionId, key, integrity, fingerprint: hasFingerprint }
}
