import type { RecordHeader } from './record-header.ts'
import type { RecordProtection } from './record-protection.ts'
import { ReplayWindow } from './replay-window.ts'

/** Returned by {@link InboundEpoch.open} instead of a length. */
export const Unopened = { replayed: -1, forged: -2 } as const

/** The peer's records under one set of keys. Epoch 0 has none: without a MAC, a replay window would be the attacker's. */
export class InboundEpoch {
  readonly number: number
  readonly #protection: RecordProtection
  readonly #window = new ReplayWindow()
  #forged = 0
  #newest = -1
  #isNewest = false

  constructor(number: number, protection: RecordProtection) {
    this.number = number
    this.#protection = protection
  }

  /** Records that did not authenticate. */
  get forged(): number {
    return this.#forged
  }

  /** Whether the record that was opened last has the highest number so far. */
  get isNewest(): boolean {
    return this.#isNewest
  }

  /** Writes the record's content to `into`; returns its length or why there is none, see {@link Unopened}. */
  open(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number {
    if (!this.#window.isFresh(header.sequence)) return Unopened.replayed
    const length = this.#protection.unprotect(datagram, header, into)
    if (length < 0) {
      this.#forged++
      return Unopened.forged
    }
    this.#window.accept(header.sequence)
    this.#isNewest = header.sequence > this.#newest
    if (this.#isNewest) this.#newest = header.sequence
    return length
  }
}
