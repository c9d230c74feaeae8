import { copyBytes, DecodeError, equalBytes, toHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { DtlsError } from '../errors.ts'
import { type ChainLink, readLink } from './chain-link.ts'

/**
 * The authorities that are trusted, read once for all associations.
 *
 * @example
 * const authorities = new TrustStore(nodeCrypto, [rootDer])
 * const verify = { authorities, host: 'example.org', time: () => Date.now() }
 */
export class TrustStore {
  readonly #bySubject = new Map<string, ChainLink[]>()

  /** `certificates` in DER. Throws {@link DtlsError} `invalid-certificate` for one that cannot be read. */
  constructor(crypto: CryptoProvider, certificates: readonly Uint8Array[]) {
    for (const der of certificates) this.#add(crypto, copyBytes(der))
  }

  get isEmpty(): boolean {
    return this.#bySubject.size === 0
  }

  /** Distinguished names of all, DER. */
  get subjects(): readonly Uint8Array[] {
    return [...this.#bySubject.values()].flatMap(([first]) => first?.subject ?? [])
  }

  /** Those of this name, which is DER. */
  named(subject: Uint8Array): readonly ChainLink[] {
    return this.#bySubject.get(toHex(subject)) ?? []
  }

  has(link: ChainLink): boolean {
    return this.named(link.subject).some(({ der }) => equalBytes(der, link.der))
  }

  #add(crypto: CryptoProvider, der: Uint8Array): void {
    let link: ChainLink
    try {
      link = readLink(crypto, der)
    } catch (cause) {
      if (!(cause instanceof DecodeError)) throw cause
      throw new DtlsError('invalid-certificate', 'an authority cannot be read', { cause })
    }
    const subject = toHex(link.subject)
    const known = this.#bySubject.get(subject)
    if (known === undefined) this.#bySubject.set(subject, [link])
    else known.push(link)
  }
}
