import type { Millis } from '@purertc/bytes'
import { StatusCode, type StunMessage, type TransportAddress } from '@purertc/stun'

import type { Base } from './base.ts'
import {
  type Check,
  type CheckPurpose,
  ConnectivityChecks,
  type ResponseOutcome,
} from './connectivity-checks.ts'
import type { IceCredentials } from './credentials.ts'
import type { Pair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'
import type { SessionParts } from './session-parts.ts'

export interface CheckClientHost {
  /** The bytes are the host's to keep. */
  request(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  heard(now: Millis, pair: Pair): void
  /** Roles have changed, and priorities with them. */
  roleChanged(): void
  failed(pair: Pair, reason: PairFailure): void
  /** The pair works, but the peer's application does not want it. */
  refusedByPeer(pair: Pair): void
  /** As `SessionHost.later`. */
  later(action: () => void): void
}

/** The client side of connectivity checks, RFC 8445 §7.2: which one is next, and what the answers mean. */
export class CheckClient {
  readonly #parts: SessionParts
  readonly #host: CheckClientHost
  readonly #checks: ConnectivityChecks
  /** Valid pairs to check again. */
  #rechecks: Pair[] = []

  constructor(parts: SessionParts, local: IceCredentials, remote: IceCredentials, host: CheckClientHost) {
    const { crypto, role } = parts
    this.#parts = parts
    this.#host = host
    this.#checks = new ConnectivityChecks(crypto, role, local, remote, parts, {
      transmit: (now, pair, bytes) => host.request(now, pair.base, pair.remoteAddress, bytes),
      checkSucceeded: (now, check, mapped) => this.#succeeded(now, check, mapped),
      checkFailed: (_now, check, reason) => this.#failed(check, reason),
      roleRejected: (_now, check) => this.#roleRejected(check),
      later: (action) => this.#host.later(action),
    })
  }

  /** Whether {@link CheckClient.startNext} would send something. */
  get hasWork(): boolean {
    const { selection, list } = this.#parts
    return selection.isDue || this.#rechecks.length > 0 || list.hasNext
  }

  /** Whether valid pairs wait to be checked again. */
  get isRechecking(): boolean {
    return this.#rechecks.length > 0
  }

  get nextTimeout(): Millis {
    return this.#checks.nextTimeout
  }

  /** Sends the next check: of a nominee, of a pair that worked, of the best that was not checked yet. */
  startNext(now: Millis): boolean {
    const { selection, list } = this.#parts
    const rto = this.#retransmissionTimeout()
    const start = (pair: Pair | null | undefined, purpose: CheckPurpose): boolean => {
      if (pair === null || pair === undefined) return false
      this.#checks.start(now, pair, purpose, rto)
      return true
    }
    return (
      start(selection.takeNominee(), 'nominate') ||
      start(this.#rechecks.shift(), 'recheck') ||
      start(list.next(), 'check')
    )
  }

  /** RFC 7675: asks the peer whether it still wants what is sent over the pair. */
  checkConsent(now: Millis, pair: Pair): void {
    this.#checks.start(now, pair, 'consent', CONSENT_RTT_LIMIT, this.#parts.selection.nominates(pair))
  }

  /** What consent checks are, where nothing but routine is to be expected of them. */
  get consentChecks(): Pick<ConnectivityChecks, 'consentRequest' | 'key' | 'adopt'> {
    return this.#checks
  }

  /** Finds out which of these valid pairs still work. */
  recheck(pairs: readonly Pair[]): void {
    for (const pair of pairs) if (!this.#rechecks.includes(pair)) this.#rechecks.push(pair)
  }

  /** RFC 8445 §7.3.1.4: the checks of these pairs are sent no more, but an answer to one still counts. */
  silence(predicate: (pair: Pair) => boolean): void {
    this.#checks.silence(predicate)
  }

  handleResponse(now: Millis, base: Base, from: TransportAddress, response: StunMessage): ResponseOutcome {
    return this.#checks.handleResponse(now, base, from, response)
  }

  handleTimeout(now: Millis): void {
    this.#checks.handleTimeout(now)
  }

  stop(): void {
    this.#rechecks = []
    this.#checks.stop()
  }

  #succeeded(now: Millis, check: Check, mapped: TransportAddress): void {
    const { list, pairing, role, selection } = this.#parts
    const { pair, purpose } = check
    if (!list.pairs.includes(pair)) return
    // An answer that came before the first retransmission answers the first transmission.
    if (now - check.startedAt < check.rto) pair.roundTripTime = now - check.startedAt
    pair.respondedAt = now
    pair.heardAt = now
    this.#host.heard(now, pair)
    if (purpose !== 'consent') {
      list.succeeded(pair)
      pairing.reveal(pair, mapped, check.priority)
    }
    if (role.isControlling) {
      if (check.isNominating) selection.nominated(pair)
    } else if (pair.nominatedByPeer) {
      pair.nominatedByPeer = false
      selection.nominatedByPeer(pair, pair.nomination, true)
    } else {
      selection.proven(pair)
    }
  }

  #failed({ pair, purpose }: Check, reason: PairFailure): void {
    if (purpose === 'consent' || !this.#parts.list.pairs.includes(pair)) return
    if (purpose === 'nominate' && reason === FORBIDDEN) this.#host.refusedByPeer(pair)
    else if (purpose !== 'check' || pair.state === 'in-progress') this.#host.failed(pair, reason)
  }

  /** RFC 8445 §7.2.5.1. */
  #roleRejected({ pair, purpose, role: claimed }: Check): void {
    const { list, role, selection } = this.#parts
    if (role.yield(claimed)) this.#host.roleChanged()
    if (purpose === 'consent' || !list.pairs.includes(pair)) return
    if (++pair.conflicts > MAX_CONFLICTS) this.#host.failed(pair, `${StatusCode.roleConflict}`)
    else if (purpose === 'nominate') selection.nominationFailed(pair, role.isControlling)
    else if (pair.state === 'in-progress') list.trigger(pair)
  }

  /** RFC 8445 §14.3, with an upper limit: a hundred pairs shall not make one check take a minute. */
  #retransmissionTimeout(): number {
    const { list, pacing } = this.#parts
    return Math.min(1_500, Math.max(500, pacing * list.activeCount))
  }
}

const FORBIDDEN = `${StatusCode.forbidden}`

/** A pair may be caught in a few crossing switches; a peer that rejects either role is left alone. */
const MAX_CONFLICTS = 8

/** Consent checks are sent once, so that any answer tells the round-trip time. */
const CONSENT_RTT_LIMIT = 30_000
