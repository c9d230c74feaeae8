import { concatBytes, type Millis, toUtf8, Writer } from '@purertc/bytes'
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
    this.rotate(now)
    return this.#cookie(this.#secret, clientAddress, parameters)
  }

  /** Whether the cookie is ours, for this client, and fresh. */
  check(now: Millis, clientAddress: string, parameters: ClientParameters, cookie: Uint8Array): boolean {
    this.rotate(now)
    return (
      equalConstantTime(cookie, this.#cookie(this.#secret, clientAddress, parameters)) ||
      equalConstantTime(cookie, this.#cookie(this.#formerSecret, clientAddress, parameters))
    )
  }

  /** A cookie with this content, which only this client can bring back, and nobody can change. */
  seal(now: Millis, clientAddress: string, content: Uint8Array): Uint8Array {
    this.rotate(now)
    return concatBytes(content, this.#seal(this.#secret, clientAddress, content))
  }

  /** The content, null where the cookie is not ours, or another client's, or too old. */
  open(clientAddress: string, cookie: Uint8Array): Uint8Array | null {
    if (cookie.length < macLength) return null
    const content = cookie.subarray(0, -macLength)
    const mac = cookie.subarray(-macLength)
    const isOurs =
      equalConstantTime(mac, this.#seal(this.#secret, clientAddress, content)) ||
      equalConstantTime(mac, this.#seal(this.#formerSecret, clientAddress, content))
    return isOurs ? content : null
  }

  #seal(secret: Uint8Array, clientAddress: string, content: Uint8Array): Uint8Array {
    const writer = beginCookie(Kind.dtls13, clientAddress)
    writer.bytes(content)
    return this.#crypto.hmac('sha256', secret, writer.view())
  }

  #cookie(secret: Uint8Array, clientAddress: string, parameters: ClientParameters): Uint8Array {
    const writer = beginCookie(Kind.dtls12, clientAddress)
    writer.u16(parameters.version)
    writer.bytes(parameters.random)
    writer.u8(parameters.sessionId.length)
    writer.bytes(parameters.sessionId)
    writer.u16(parameters.cipherSuites.length)
    for (const suite of parameters.cipherSuites) writer.u16(suite)
    writer.bytes(parameters.compressionMethods)
    return this.#crypto.hmac('sha256', secret, writer.view())
  }

  /** Replaces the secret where it is time to: each `now` must come by here before a cookie is judged. */
  rotate(now: Millis): void {
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

/** What every MAC begins with: a cookie of one kind is none of the other. */
function beginCookie(kind: number, clientAddress: string): Writer {
  const writer = new Writer(256)
  writer.u8(kind)
  const address = toUtf8(clientAddress)
  writer.u16(address.length)
  writer.bytes(address)
  return writer
}

const Kind = { dtls12: 12, dtls13: 13 } as const
const macLength = 32
