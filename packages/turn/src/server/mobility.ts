import { equalBytes, toHex } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import type { Destination } from './responder.ts'

/** What makes an allocation follow its client from address to address, RFC 8016. */
export interface Mobility {
  /** Names the allocation; a secret of its client's. */
  ticket: Uint8Array
  /** The ticket that was shown for a move which is not settled yet. */
  former: Uint8Array | null
  /** Where the client was heard last, while it has not shown that it knows of its move. */
  next: Destination | null
}

/** The tickets of all mobile allocations. Nothing can be read from them: they are random, and looked up. */
export class Tickets<T> {
  readonly #crypto: CryptoProvider
  readonly #owners = new Map<string, T>()

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto
  }

  /** What a new allocation begins with, to be followed by {@link Tickets.keep}. */
  issue(): Mobility {
    return { ticket: this.#draw(), former: null, next: null }
  }

  find(ticket: Uint8Array): T | undefined {
    return this.#owners.get(toHex(ticket))
  }

  keep(ticket: Uint8Array, owner: T): void {
    this.#owners.set(toHex(ticket), owner)
  }

  /**
   * Another ticket in the place of the one that was shown, which stays good until the move is settled. Where it is shown
   * again, the answer was lost, and is given again.
   */
  renew(mobility: Mobility, shown: Uint8Array, owner: T): void {
    if (mobility.former !== null && equalBytes(mobility.former, shown)) return
    this.settle(mobility)
    mobility.former = mobility.ticket
    mobility.ticket = this.#draw()
    this.keep(mobility.ticket, owner)
  }

  /** The former ticket is no longer good. */
  settle(mobility: Mobility): void {
    if (mobility.former !== null) this.#owners.delete(toHex(mobility.former))
    mobility.former = null
  }

  forget(mobility: Mobility): void {
    this.settle(mobility)
    this.#owners.delete(toHex(mobility.ticket))
  }

  /** Without a zero in it, at which coturn's client would end the ticket. */
  #draw(): Uint8Array {
    const ticket = new Uint8Array(TICKET_LENGTH)
    this.#crypto.randomFill(ticket)
    return ticket.map((byte) => byte || 1)
  }
}

/** Nobody guesses 128 bits. */
const TICKET_LENGTH = 16
