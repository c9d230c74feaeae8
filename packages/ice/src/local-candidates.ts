import { sameAddress, type TransportAddress } from '@purertc/stun'

import type { Base, LocalCandidate } from './base.ts'

/** The local candidates of one session, among them those that checks revealed. */
export class LocalCandidates implements Iterable<LocalCandidate> {
  readonly #candidates: LocalCandidate[] = []

  /**
   * Returns whether this is the first of its base. Only that one is paired: from the others the same packets would go
   * out once more, so RFC 8445 §6.1.2.4 prunes their pairs.
   */
  add(local: LocalCandidate): boolean {
    const isFirst = this.of(local.base) === undefined
    this.#candidates.push(local)
    return isFirst
  }

  /** The candidate that stands for a base. */
  of(base: Base): LocalCandidate | undefined {
    return this.#candidates.find((local) => local.base === base)
  }

  find(base: Base, address: TransportAddress): LocalCandidate | undefined {
    return this.#candidates.find((local) => local.base === base && sameAddress(local.address, address))
  }

  /** The first candidate of each base. */
  *[Symbol.iterator](): Generator<LocalCandidate> {
    for (const local of this.#candidates) if (this.of(local.base) === local) yield local
  }

  remove(base: Base): void {
    for (let i = this.#candidates.length - 1; i >= 0; i--)
      if (this.#candidates[i]!.base === base) this.#candidates.splice(i, 1)
  }

  get isFull(): boolean {
    return this.#candidates.length >= MAX_CANDIDATES
  }
}

/** A symmetric NAT reveals one candidate a pair. */
const MAX_CANDIDATES = 200
