import { type Millis, toUtf8, Writer } from '@purertc/bytes'
import { type CryptoProvider, equalConstantTime } from '@purertc/crypto'

import type { ClientParameters } from '../messages/client-hello.ts'

/**
 * Bakes and checks cookies without remembering any: a cookie is an HMAC over the client's address and the parameters
 * of its ClientHello, so that it serves nobody else and nothing else (RFC 6347 §4.2.1). The secret is replaced after
 * a while; cookies of the former one stay good until the next replacement.
 */
export class CookieJar {
  readonly #crypto: CryptoProvider
  readonly #lifetime: number
  #secret: Uint8Array
  #formerSecret: Uint8Array
  #rotateAt: number | null = null

  /** `lifetime` of a secret in milliseconds, a minute by default. */
  constructor(crypto: CryptoProvider, lifetime = 60_000) {
    this.#crypto = crypto
    this.#lifetime = lifetime
    this.#secret = this.#freshSecret()
    this.#formerSecret = this.#freshSecret()
  }

  bake(now: Millis, clientAddress: string, parameters: ClientParameters): Uint8Array {
    this.#rotate(now)
    return this.#cookie(this.#secret, clientAddress, parameters)
  }

  /** Whether the cookie is ours, for this client, and fresh. */
  check(now: Millis, clientAddress: string, parameters: ClientParameters, cookie: Uint8Array): boolean {
    this.#rotate(now)
    return (
      equalConstantTime(cookie, this.#cookie(this.#secret, clientAddress, parameters)) ||
      equalConstantTime(cookie, this.#cookie(this.#formerSecret, clientAddress, parameters))
    )
  }

  #cookie(secret: Uint8Array, clientAddress: string, parameters: ClientParameters): Uint8Array {
    const writer = new Writer(256)
    const address = toUtf8(clientAddress)
    writer.u16(address.length)
    writer.bytes(address)
    writer.u16(parameters.version)
    writer.bytes(parameters.random)
    writer.u8(parameters.sessionId.length)
    writer.bytes(parameters.sessionId)
    writer.u16(parameters.cipherSuites.length)
    for (const suite of parameters.cipherSuites) writer.u16(suite)
    writer.bytes(parameters.compressionMethods)
    return this.#crypto.hmac('sha256', secret, writer.view())
  }

  #rotate(now: Millis): void {
    this.#rotateAt ??= now + this.#lifetime
    if (now < this.#rotateAt) return
    // After a long silence the former secret is out of date as well.
    this.#formerSecret = now < this.#rotateAt + this.#lifetime ? this.#secret : this.#freshSecret()
    this.#secret = this.#freshSecret()
    this.#rotateAt = now + this.#lifetime
  }

  #freshSecret(): Uint8Array {
    const secret = new Uint8Array(32)
    this.#crypto.randomFill(secret)
    return secret
  }
}
