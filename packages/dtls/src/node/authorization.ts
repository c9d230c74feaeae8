import { X509Certificate } from 'node:crypto'

import { copyBytes } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { validateChain } from '../certificate/chain.ts'
import type { TrustStore } from '../certificate/trust-store.ts'
import type { PeerVerification } from '../proofs/peer-verified.ts'
import { PeerMisbehaved } from '../errors.ts'
import type { IdentityOptions } from './identity-options.ts'

/** What a peer is judged by. */
export interface Rules extends Pick<IdentityOptions, 'rejectUnauthorized' | 'checkServerIdentity'> {
  readonly crypto: CryptoProvider
  readonly authorities: TrustStore
  /** Name or address of the server; null at a server, whose clients may be called anything. */
  readonly host: string | null
}

/**
 * The judgement on one peer by authorities. What is found wrong is kept, also where it does not matter
 * (`rejectUnauthorized: false`).
 */
export class Authorization {
  readonly #rules: Rules
  #error: Error | null = null

  constructor(rules: Rules) {
    this.#rules = rules
  }

  /** Why the peer is not authorized, null where nothing was found. */
  get error(): Error | null {
    return this.#error
  }

  get verification(): PeerVerification {
    const { rejectUnauthorized = true, checkServerIdentity, authorities, host } = this.#rules
    // Without leniency or a check of the application's own, the handshake judges, and names its reasons in alerts.
    if (rejectUnauthorized && checkServerIdentity === undefined)
      return { authorities, host, time: () => Date.now() }
    return {
      certificate: (der, chain) => {
        this.#error = this.#judge(der, chain)
        return this.#error === null || !rejectUnauthorized
      },
    }
  }

  #judge(der: Uint8Array, chain: readonly Uint8Array[]): Error | null {
    const { crypto, authorities, host, checkServerIdentity } = this.#rules
    const purpose = host === null ? 'client' : 'server'
    const checkedHost = checkServerIdentity === undefined ? host : null
    try {
      validateChain({ crypto, authorities, now: Date.now(), purpose, host: checkedHost }, [der, ...chain])
    } catch (error) {
      if (!(error instanceof PeerMisbehaved)) throw error
      return error
    }
    if (checkServerIdentity === undefined || host === null) return null
    return checkServerIdentity(host, new X509Certificate(copyBytes(der))) ?? null
  }
}
