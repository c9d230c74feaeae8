import type { Counters, Millis } from '@purertc/bytes'
import { isStunDatagram, type StunMessage, type TransportAddress } from '@purertc/stun'

import type { Base } from './base.ts'
import type { Consent } from './consent.ts'
import type { Discarded } from './discarded.ts'
import type { Pair } from './pair.ts'
import { readBinding, type Sessions } from './sessions.ts'
import type { Statistics } from './stats.ts'

export interface ReceptionHost {
  /** Whether the agent takes anything at all. */
  isActive(): boolean
  /** A response that may be a STUN server's. False where it is for somebody else. */
  handleResponse(now: Millis, base: Base, from: TransportAddress, message: StunMessage): boolean
  /** Something other than data has happened. */
  unsettled(): void
  /** Data of the peer; borrowed. */
  received(now: Millis, bytes: Uint8Array): void
}

/** Tells what came over a base: messages of ICE, data over a proven path, or noise. Data must cost no allocation. */
export class Reception {
  readonly #sessions: Sessions
  readonly #consent: Consent
  readonly #stats: Statistics
  readonly #discarded: Counters<Discarded>
  readonly #host: ReceptionHost

  constructor(
    sessions: Sessions,
    consent: Consent,
    stats: Statistics,
    discarded: Counters<Discarded>,
    host: ReceptionHost,
  ) {
    this.#sessions = sessions
    this.#consent = consent
    this.#stats = stats
    this.#discarded = discarded
    this.#host = host
  }

  receive(now: Millis, base: Base, from: TransportAddress, bytes: Uint8Array): void {
    if (!this.#host.isActive()) this.#discarded.count('inactive')
    else if (bytes[0]! < 4 && isStunDatagram(bytes)) this.#receiveMessage(now, base, from, bytes)
    else this.#receiveData(now, base, from, bytes)
  }

  /** A sign of life of the peer. */
  heard(now: Millis, pair: Pair): void {
    if (pair.isSilent) this.#host.unsettled()
    if (pair === this.#consent.pair) this.#consent.heard(now)
    else pair.isSilent = false
  }

  /** The peer has checked the pair. */
  asked(now: Millis, pair: Pair): void {
    this.heard(now, pair)
    if (pair === this.#consent.pair) this.#consent.asked(now)
  }

  #receiveMessage(now: Millis, base: Base, from: TransportAddress, bytes: Uint8Array): void {
    const message = readBinding(bytes)
    if (typeof message === 'string') {
      this.#discarded.count(message)
      return
    }
    if (
      this.#host.handleResponse(now, base, from, message) ||
      this.#sessions.handleMessage(now, base, from, message)
    )
      this.#host.unsettled()
  }

  #receiveData(now: Millis, base: Base, from: TransportAddress, bytes: Uint8Array): void {
    const active = this.#consent.pair
    const pair = active?.joins(base, from) === true ? active : this.#sessions.provenPair(base, from)
    if (pair === undefined) {
      this.#discarded.count('unknown-peer')
      return
    }
    pair.heardAt = now
    if (pair.isSilent) this.heard(now, pair)
    this.#stats.received(bytes)
    this.#host.received(now, bytes)
  }
}
