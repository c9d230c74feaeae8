import type { Millis } from '@purertc/bytes'

import type { CiphertextEpoch } from './ciphertext-epoch.ts'

/**
 * The epochs whose records we open: the latest, and the one before it, since the network may deliver late what was
 * sent before a change of keys, and a peer that has missed an acknowledgement repeats its last flight (RFC 9147 §4.2.1).
 */
export class CiphertextEpochs {
  #latest: CiphertextEpoch | null = null
  #former: CiphertextEpoch | null = null
  /** When the latest took its place, as far as we know. */
  #replacedAt: Millis | null = null

  get latest(): CiphertextEpoch | null {
    return this.#latest
  }

  add(epoch: CiphertextEpoch): void {
    this.#former = this.#latest
    this.#latest = epoch
    this.#replacedAt = null
  }

  /** Lets go of the epoch before the latest when nothing of it can be on its way any more, RFC 9147 §4.2.1. */
  expire(now: Millis): void {
    if (this.#former === null) return
    this.#replacedAt ??= now
    if (now - this.#replacedAt >= formerLifetime) this.#former = null
  }

  /** The latest epoch whose number ends in these two bits. */
  find(bits: number): CiphertextEpoch | null {
    if (this.#latest !== null && (this.#latest.number & 3) === bits) return this.#latest
    if (this.#former !== null && (this.#former.number & 3) === bits) return this.#former
    return null
  }
}

/** Twice the two minutes that a segment may live, RFC 9293 §3.4.1. */
const formerLifetime = 240_000
