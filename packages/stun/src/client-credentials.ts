import type { CryptoProvider } from '@purertc/crypto'

import { Username } from './attributes/credentials.ts'
import { authenticate, type IntegrityAlgorithm, integrityOf } from './integrity.ts'
import { shortTermKey } from './keys.ts'
import { LongTermCredentials } from './long-term-credentials.ts'
import type { StunMessage } from './message.ts'
import type { MessageBuilder } from './message-builder.ts'

/** Who the client says it is. */
export interface StunCredentials {
  /** `short-term`: a name and password that both sides agreed on elsewhere. `long-term`: an account at the server. */
  readonly kind: 'short-term' | 'long-term'
  readonly username: string
  readonly password: string
}

/** What a request does about credentials; one object for each server that is talked to. */
export interface ClientCredentials {
  /** Whether {@link ClientCredentials.sign} signs. */
  readonly signs: boolean
  /** Adds name and integrity to a request that is otherwise complete. */
  sign(request: MessageBuilder): void
  /** Whether the answer to a signed request may be believed. */
  accepts(response: StunMessage): boolean
  /** Whether a 401 or 438 brought what makes another try worthwhile. */
  learn(response: StunMessage, wasSigned: boolean): boolean
}

export function clientCredentials(
  crypto: CryptoProvider,
  credentials: StunCredentials | undefined,
): ClientCredentials {
  if (credentials === undefined) return NO_CREDENTIALS
  const { kind, username, password } = credentials
  return kind === 'short-term'
    ? new ShortTermClient(crypto, username, password)
    : new LongTermClient(new LongTermCredentials(crypto, username, password))
}

const NO_CREDENTIALS: ClientCredentials = {
  signs: false,
  sign: () => undefined,
  accepts: () => true,
  learn: () => false,
}

/** RFC 8489 §9.1: both kinds of integrity until an answer has shown which one the server speaks (§9.1.2, §9.1.5). */
class ShortTermClient implements ClientCredentials {
  readonly signs = true
  readonly #crypto: CryptoProvider
  readonly #username: string
  readonly #key: Uint8Array
  #spoken: IntegrityAlgorithm | null = null

  constructor(crypto: CryptoProvider, username: string, password: string) {
    this.#crypto = crypto
    this.#username = username
    this.#key = shortTermKey(password)
  }

  sign(request: MessageBuilder): void {
    request.add(Username, this.#username)
    if (this.#spoken !== 'sha256') request.sign(this.#crypto, this.#key, 'sha1')
    if (this.#spoken !== 'sha1') request.sign(this.#crypto, this.#key, 'sha256')
  }

  accepts(response: StunMessage): boolean {
    const algorithm = integrityOf(response)
    if (this.#spoken !== null && algorithm !== this.#spoken) return false
    if (authenticate(this.#crypto, response, this.#key) === null) return false
    this.#spoken = algorithm
    return true
  }

  /** There is no challenge to learn from: a refusal is final. */
  learn(): boolean {
    return false
  }
}

class LongTermClient implements ClientCredentials {
  readonly #credentials: LongTermCredentials

  constructor(credentials: LongTermCredentials) {
    this.#credentials = credentials
  }

  get signs(): boolean {
    return this.#credentials.isChallenged
  }

  sign(request: MessageBuilder): void {
    this.#credentials.sign(request)
  }

  accepts(response: StunMessage): boolean {
    return this.#credentials.authenticate(response) !== null
  }

  learn(response: StunMessage, wasSigned: boolean): boolean {
    return this.#credentials.learn(response, wasSigned)
  }
}
