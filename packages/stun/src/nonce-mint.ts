import { type Millis, toHex, toUtf8, Writer } from '@purertc/bytes'
import { type CryptoProvider, equalConstantTime } from '@purertc/crypto'

import { StunError } from './stun-error.ts'
import { formatAddress, type TransportAddress } from './transport-address.ts'

/** What lets several servers take each other's nonces: those of a cluster, or one before and after a restart. */
export interface SharedNonces {
  /** 32 bytes or more that they all know, and nobody else. */
  readonly secret: Uint8Array
  /** Milliseconds that make one clock of all of theirs when they are added to `now`. Default 0. */
  readonly clockOffset?: number
}

/**
 * Nonces that need no memory: the time of making, with an HMAC over it and the client's address. A nonce is good for one
 * address and a while.
 */
export class NonceMint {
  readonly #crypto: CryptoProvider
  readonly #prefix: string
  readonly #scope: string
  readonly #lifetime: number
  readonly #secret: Uint8Array
  readonly #clockOffset: number

  /** `prefix` begins every nonce (RFC 8489 §9.2), `lifetime` is in milliseconds. Without `shared` the secret is random. */
  constructor(
    crypto: CryptoProvider,
    prefix: string,
    scope: string,
    lifetime: number,
    shared?: SharedNonces,
  ) {
    this.#crypto = crypto
    this.#prefix = prefix
    this.#scope = scope
    this.#lifetime = lifetime
    this.#clockOffset = shared?.clockOffset ?? 0
    this.#secret = new Uint8Array(shared?.secret ?? new Uint8Array(32))
    if (shared === undefined) crypto.randomFill(this.#secret)
    else if (shared.secret.length < 32)
      throw new StunError('invalid-value', 'a secret of nonces takes 32 bytes')
  }

  make(now: Millis, client: TransportAddress): string {
    const time = new Writer(6)
    time.u48(Math.floor(now + this.#clockOffset))
    const digits = toHex(time.view())
    return this.#prefix + digits + this.#tag(digits, client)
  }

  /** Whether the nonce is ours, was made for that client, and is not too old. */
  isFresh(now: Millis, nonce: string, client: TransportAddress): boolean {
    const time = nonce.slice(this.#prefix.length, this.#prefix.length + 12)
    const expected = this.#prefix + time + this.#tag(time, client)
    if (!equalConstantTime(toUtf8(expected), toUtf8(nonce))) return false
    return now + this.#clockOffset - Number.parseInt(time, 16) < this.#lifetime
  }

  #tag(time: string, client: TransportAddress): string {
    const text = `${time} ${formatAddress(client)} ${this.#scope}`
    return toHex(this.#crypto.hmac('sha256', this.#secret, toUtf8(text)).subarray(0, 10))
  }
}
