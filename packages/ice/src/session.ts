import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import {
  type AuthenticatedMessage,
  shortTermKey,
  StatusCode,
  type StunMessage,
  type TransportAddress,
} from '@purertc/stun'

import type { Base, LocalCandidate } from './base.ts'
import type { IceCandidate } from './candidate.ts'
import { CheckList } from './check-list.ts'
import { CheckServer } from './check-server.ts'
import { type Check, ConnectivityChecks, type ResponseOutcome } from './connectivity-checks.ts'
import type { IceCredentials } from './credentials.ts'
import type { Discarded } from './discarded.ts'
import type { Foundations } from './foundation.ts'
import type { InboundCheck } from './inbound-check.ts'
import type { NominationPatience } from './nomination.ts'
import type { Pair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'
import { Pairing } from './pairing.ts'
import { type IceRole, Role } from './role.ts'
import { Selection } from './selection.ts'

export interface SessionConfig {
  readonly crypto: CryptoProvider
  readonly role: IceRole
  readonly credentials: IceCredentials
  readonly foundations: Foundations
  readonly maxPairs: number
  /** Ta, milliseconds. */
  readonly pacing: number
  /** Milliseconds that a check may take, retransmissions included. */
  readonly checkTimeout: number
  readonly patience: NominationPatience
}

export interface SessionHost {
  /** Sends a request; the bytes are the host's to keep. */
  request(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  respond(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  acceptPair(pair: Pair): boolean
  acceptCheck(base: Base, from: TransportAddress, check: InboundCheck): boolean
  pairSelected(pair: Pair): void
  pairFailed(pair: Pair, reason: PairFailure): void
  /** A sign of life of the peer. */
  heard(now: Millis, pair: Pair): void
  discarded(reason: Discarded): void
}

/**
 * One ICE session, RFC 8445 §4: what one pair of credentials at each end stands for. It decides what is checked next,
 * answers the peer's checks and learns from them, and ends up with a selected pair. A restart makes a new one.
 */
export class Session {
  readonly credentials: IceCredentials
  /** This agent's password, which authenticates requests and signs responses. */
  readonly key: Uint8Array
  readonly role: Role
  readonly #config: SessionConfig
  readonly #host: SessionHost
  readonly #list: CheckList
  readonly #pairing: Pairing
  readonly #selection: Selection
  readonly #server: CheckServer
  #remote: IceCredentials | null = null
  /** There are none without the peer's credentials. */
  #checks: ConnectivityChecks | null = null
  /** Before that it is not hopeless: the peer may still find a way in (RFC 8863 §4). */
  #patientUntil: Millis = NEVER
  #hasAllRemotes = false
  /** Valid pairs to check again. */
  #rechecks: Pair[] = []
  #isRetired = false

  constructor(config: SessionConfig, host: SessionHost) {
    this.#config = config
    this.#host = host
    this.credentials = config.credentials
    this.key = shortTermKey(config.credentials.password)
    this.role = new Role(config.crypto, config.role)
    this.#list = new CheckList(config.maxPairs)
    this.#selection = new Selection(this.role, this.#list, config.patience, {
      acceptPair: (pair) => host.acceptPair(pair),
      pairSelected: (pair) => this.#selected(pair),
    })
    this.#pairing = new Pairing(this.role, this.#list, config.foundations, {
      wantsPair: (pair) => this.#selection.isOpenTo(pair),
      discarded: (reason) => host.discarded(reason),
    })
    this.#server = new CheckServer(
      {
        crypto: config.crypto,
        key: this.key,
        role: this.role,
        list: this.#list,
        pairing: this.#pairing,
        selection: this.#selection,
      },
      {
        respond: (now, base, to, bytes) => host.respond(now, base, to, bytes),
        acceptCheck: (base, from, check) => host.acceptCheck(base, from, check),
        roleChanged: () => this.#roleChanged(),
        triggered: (pair) => this.#trigger(pair),
        heard: (now, pair) => host.heard(now, pair),
        discarded: (reason) => host.discarded(reason),
      },
    )
  }

  get remoteCredentials(): IceCredentials | null {
    return this.#remote
  }

  /** Best first. */
  get pairs(): readonly Pair[] {
    return this.#list.pairs
  }

  get selected(): Pair | null {
    return this.#selection.selected
  }

  /** Whether the peer is known and there is something to check. */
  get hasStarted(): boolean {
    return this.#remote !== null && this.#list.pairs.length > 0
  }

  /** Whether nothing is left to be checked, and the peer has announced its last candidate. */
  get isFinished(): boolean {
    return this.#hasAllRemotes && !this.#selection.isNominating && this.#list.isFinished
  }

  /** Whether no pair works or may yet work, and the peer had time enough to come up with others. */
  isHopeless(now: Millis, isFresh: (pair: Pair) => boolean): boolean {
    if (now < this.#patientUntil || this.#rechecks.length > 0) return false
    return this.#list.isFinished && !this.#list.pairs.some((pair) => pair.isUsable && isFresh(pair))
  }

  /** Whether the peer was given a candidate of this base, so that it may send checks there. */
  isOpen(base: Base): boolean {
    return this.#pairing.isOpen(base)
  }

  start(now: Millis, remote: IceCredentials): void {
    const { crypto, checkTimeout } = this.#config
    this.#remote = remote
    this.#checks = new ConnectivityChecks(crypto, this.role, this.credentials, remote, checkTimeout, {
      transmit: (at, pair, bytes) => this.#host.request(at, pair.base, pair.remoteAddress, bytes),
      checkSucceeded: (at, check, mapped) => this.#succeeded(at, check, mapped),
      checkFailed: (_at, check, reason) => this.#checkFailed(check, reason),
      roleRejected: (_at, check) => this.#roleRejected(check),
    })
    this.#patientUntil = Millis(now + checkTimeout)
    this.#pairing.forgetOthers(remote.usernameFragment)
  }

  addLocal(local: LocalCandidate): void {
    this.#pairing.addLocal(local)
  }

  /** `null`: the peer has no more. */
  addRemote(candidate: IceCandidate | null): void {
    const fragment = candidate?.usernameFragment
    if (candidate === null) this.#hasAllRemotes = true
    else if (fragment !== undefined && this.#remote !== null && fragment !== this.#remote.usernameFragment)
      this.#host.discarded('stale-candidate')
    else this.#pairing.addRemote(candidate)
  }

  /** A request that was made with this session's credentials. `fragment`: whom it says it comes from. */
  handleRequest(
    now: Millis,
    base: Base,
    from: TransportAddress,
    request: AuthenticatedMessage,
    fragment: string,
  ): void {
    this.#server.handleRequest(now, base, from, request, fragment, this.#remote?.usernameFragment)
  }

  handleResponse(now: Millis, base: Base, from: TransportAddress, message: StunMessage): ResponseOutcome {
    return this.#checks?.handleResponse(now, base, from, message) ?? 'unknown-transaction'
  }

  /** RFC 7675: asks the peer whether it still wants what is sent over the pair. */
  checkConsent(now: Millis, pair: Pair): void {
    this.#checks?.start(now, pair, 'consent', 30_000)
  }

  /** The selected pair fell silent: finds out which others still work. */
  recheck(): void {
    if (this.#isRetired) return
    this.#rechecks = this.#list.pairs.filter((pair) => pair.isUsable && pair !== this.selected)
  }

  /** The pair works no more. */
  fail(pair: Pair, reason: PairFailure): void {
    if (pair.state === 'failed') return
    this.#list.failed(pair)
    this.#selection.lost(pair)
    this.#host.pairFailed(pair, reason)
  }

  /** The base cannot reach that address, whatever the port. */
  failPeer(base: Base, peer: TransportAddress, reason: PairFailure): void {
    for (const pair of [...this.#list.pairs])
      if (pair.base === base && pair.remoteAddress.address === peer.address) this.fail(pair, reason)
  }

  /** The base is gone; no pair of it is reported as failed where it was given back for lack of use. */
  removeBase(base: Base, isReleased: boolean): void {
    this.#pairing.removeBase(base)
    if (!isReleased)
      for (const pair of [...this.#list.pairs]) if (pair.base === base) this.fail(pair, 'relay-lost')
    this.#list.remove((pair) => pair.base === base)
  }

  /** Whether {@link Session.startCheck} would send something. */
  get hasWork(): boolean {
    if (this.#checks === null || this.#isRetired) return false
    return this.#selection.isDue || this.#rechecks.length > 0 || this.#list.hasNext
  }

  /** Sends the next check, if there is one. */
  startCheck(now: Millis): boolean {
    if (this.#checks === null || this.#isRetired) return false
    const rto = this.#retransmissionTimeout()
    const nominee = this.#selection.takeNominee()
    const again = nominee === null ? this.#rechecks.shift() : undefined
    const pair = nominee ?? again ?? this.#list.next()
    if (pair === null) return false
    this.#checks.start(
      now,
      pair,
      nominee !== null ? 'nominate' : again !== undefined ? 'recheck' : 'check',
      rto,
    )
    return true
  }

  handleTimeout(now: Millis): void {
    this.#checks?.handleTimeout(now)
  }

  /** After anything has happened: nominates if it is time. `hasAllLocals`: gathering is complete. */
  settle(now: Millis, hasAllLocals: boolean): void {
    if (this.#isRetired || this.#checks === null) return
    if (now >= this.#patientUntil) this.#patientUntil = Millis(-Infinity)
    this.#selection.settle(now, hasAllLocals && this.#hasAllRemotes)
  }

  get nextTimeout(): Millis {
    const patience = this.#patientUntil === -Infinity ? NEVER : this.#patientUntil
    return Millis(
      Math.min(
        this.#checks?.nextTimeout ?? NEVER,
        this.#selection.nextTimeout,
        this.#isRetired ? NEVER : patience,
      ),
    )
  }

  /** A restart has begun, RFC 8445 §9: this session only keeps its selected pair alive from now on. */
  retire(): void {
    this.#isRetired = true
    this.#rechecks = []
    this.#keepOnly((pair) => pair === this.selected)
  }

  stop(): void {
    this.#isRetired = true
    this.#rechecks = []
    this.#checks?.stop()
  }

  #succeeded(now: Millis, check: Check, mapped: TransportAddress): void {
    const { pair, purpose } = check
    if (!this.#list.pairs.includes(pair)) return
    // An answer that came before the first retransmission answers the first transmission.
    if (now - check.startedAt < check.rto) pair.roundTripTime = now - check.startedAt
    pair.respondedAt = now
    pair.heardAt = now
    this.#host.heard(now, pair)
    if (purpose === 'consent') return
    this.#list.succeeded(pair)
    this.#pairing.reveal(pair, mapped, check.priority)
    if (this.role.isControlling) {
      if (purpose === 'nominate') this.#selection.nominated(pair)
    } else if (pair.nominatedByPeer) {
      this.#selection.nominatedByPeer(pair)
    }
  }

  #checkFailed({ pair, purpose }: Check, reason: PairFailure): void {
    if (purpose === 'consent' || !this.#list.pairs.includes(pair)) return
    if (purpose === 'nominate' && reason === `${StatusCode.forbidden}`) {
      // The pair works, but the peer's application does not want it.
      pair.isRefused = true
      this.#selection.nominationFailed(pair, false)
      this.#host.pairFailed(pair, reason)
    } else if (purpose !== 'check' || pair.state === 'in-progress') {
      this.fail(pair, reason)
    }
  }

  /** RFC 8445 §7.2.5.1. */
  #roleRejected({ pair, purpose, role }: Check): void {
    if (this.role.yield(role)) this.#roleChanged()
    if (purpose === 'consent' || !this.#list.pairs.includes(pair)) return
    if (++pair.conflicts > MAX_CONFLICTS) this.fail(pair, `${StatusCode.roleConflict}`)
    else if (purpose === 'nominate') this.#selection.nominationFailed(pair, this.role.isControlling)
    else if (pair.state === 'in-progress') this.#list.trigger(pair)
  }

  #roleChanged(): void {
    for (const pair of this.#list.pairs) pair.updatePriority()
    this.#list.sort()
    this.#selection.roleChanged()
  }

  #trigger(pair: Pair): void {
    if (this.#isRetired) return
    if (pair.state === 'in-progress') this.#checks?.silence((other) => other === pair)
    this.#list.trigger(pair)
  }

  /** RFC 8445 §8.1.2: what can no longer be selected is checked no more. What the peer uses stays known. */
  #selected(pair: Pair): void {
    this.#keepOnly((other) => other.state === 'succeeded' || other.isHeard || this.#selection.isOpenTo(other))
    this.#host.pairSelected(pair)
  }

  #keepOnly(predicate: (pair: Pair) => boolean): void {
    this.#list.remove((pair) => !predicate(pair))
    this.#checks?.silence((pair) => !this.#list.pairs.includes(pair))
  }

  /** RFC 8445 §14.3, with an upper limit: a hundred pairs shall not make one check take a minute. */
  #retransmissionTimeout(): number {
    return Math.min(1_500, Math.max(500, this.#config.pacing * this.#list.activeCount))
  }
}

const NEVER = Millis(Infinity)

/** A pair may be caught in a few crossing switches; a peer that rejects either role is left alone. */
const MAX_CONFLICTS = 8
