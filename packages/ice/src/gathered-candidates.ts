import { sameAddress } from '@purertc/stun'

import type { Base, LocalCandidate } from './base.ts'
import { type CandidateOrigin, candidateOf } from './candidate-of-base.ts'
import type { Foundations } from './foundation.ts'

/** The candidates that one ICE session has gathered: none is redundant, and no two share a priority. */
export class GatheredCandidates {
  readonly #foundations: Foundations
  #all: LocalCandidate[] = []

  constructor(foundations: Foundations) {
    this.#foundations = foundations
  }

  /** The candidate, or null where it is redundant. */
  add(origin: CandidateOrigin): LocalCandidate | null {
    if (this.#isRedundant(origin)) return null
    const isTaken = (priority: number): boolean =>
      this.#all.some(({ candidate }) => candidate.priority === priority)
    const candidate = candidateOf(origin, this.#foundations, isTaken)
    const local = { base: origin.base, candidate, address: origin.address }
    this.#all.push(local)
    return local
  }

  removeBase(base: Base): void {
    this.#all = this.#all.filter((local) => local.base !== base)
  }

  clear(): void {
    this.#all = []
  }

  /**
   * RFC 8445 §5.1.3: servers may say the same, be asked again, or see no NAT. §5.1.1.2: a relayed candidate at a host
   * candidate's address is none.
   */
  #isRedundant({ base, type, address }: CandidateOrigin): boolean {
    return this.#all.some(
      (local) =>
        sameAddress(local.address, address) &&
        (local.base === base || (type === 'relay' && local.candidate.type === 'host')),
    )
  }
}
