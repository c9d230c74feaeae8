import type { CiphertextEpoch } from './ciphertext-epoch.ts'

/**
 * The epochs whose records we open: the latest, and the one before it, since the network may deliver late what was
 * sent before a change of keys, and a peer that has missed an acknowledgement repeats its last flight (RFC 9147 §4.2.1).
 */
export class CiphertextEpochs {
  #latest: CiphertextEpoch | null = null
  #former: CiphertextEpoch | null = null

  get latest(): CiphertextEpoch | null {
    return this.#latest
  }

  add(epoch: CiphertextEpoch): void {
    this.#former = this.#latest
    this.#latest = epoch
  }

  /** The latest epoch whose number ends in these two bits. */
  find(bits: number): CiphertextEpoch | null {
    if (this.#latest !== null && (this.#latest.number & 3) === bits) return this.#latest
    if (this.#former !== null && (this.#former.number & 3) === bits) return this.#former
    return null
  }
}
