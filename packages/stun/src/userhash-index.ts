import { toHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { userhash } from './keys.ts'

/**
 * Finds the name behind a USERHASH (RFC 8489 §9.2.4): a hash cannot be turned around, so a server that lets its users
 * hide their names must know all of them beforehand.
 *
 * @example
 * const index = new UserhashIndex(crypto, 'example.org', ['alice', 'bob'])
 * const longTerm = { realm: 'example.org', password, username: (hash) => index.find(hash) }
 */
export class UserhashIndex {
  readonly #crypto: CryptoProvider
  readonly #realm: string
  readonly #names = new Map<string, string>()

  constructor(crypto: CryptoProvider, realm: string, usernames: Iterable<string> = []) {
    this.#crypto = crypto
    this.#realm = realm
    for (const username of usernames) this.add(username)
  }

  add(username: string): void {
    this.#names.set(this.#keyOf(username), username)
  }

  remove(username: string): void {
    this.#names.delete(this.#keyOf(username))
  }

  /** The user whose hash that is, `null` for nobody's. */
  find(hash: Uint8Array): string | null {
    return this.#names.get(toHex(hash)) ?? null
  }

  #keyOf(username: string): string {
    return toHex(userhash(this.#crypto, username, this.#realm))
  }
}
