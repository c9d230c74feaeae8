import { Millis } from '@purertc/bytes'
import type { AuthenticatedMessage, StunMessage, TransportAddress } from '@purertc/stun'

import type { Base, LocalCandidate } from './base.ts'
import type { IceCandidate } from './candidate.ts'
import { CheckClient } from './check-client.ts'
import { CheckServer } from './check-server.ts'
import type { ResponseOutcome } from './connectivity-checks.ts'
import type { IceCredentials, RemoteOptions } from './credentials.ts'
import { agreedPacing } from './pacer.ts'
import type { Pair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'
import { Patience } from './patience.ts'
import type { IceRole } from './role.ts'
import type { SessionConfig } from './session-config.ts'
import type { SessionHost } from './session-host.ts'
import { createSessionParts, type SessionParts } from './session-parts.ts'

/**
 * One ICE session, RFC 8445 §4: what one pair of credentials at each end stands for. It pairs candidates, checks pairs,
 * and ends up with a selected one. A restart makes a new session.
 */
export class Session {
  readonly credentials: IceCredentials
  readonly parts: SessionParts
  readonly #host: SessionHost
  readonly #server: CheckServer
  #remote: IceCredentials | null = null
  /** There is none without the peer's credentials. */
  #client: CheckClient | null = null
  readonly #patience = new Patience()
  #hasAllRemotes = false
  #isRetired = false

  constructor(config: SessionConfig, host: SessionHost) {
    this.#host = host
    this.credentials = config.credentials
    this.parts = createSessionParts(config, host, {
      pairSelected: (pair) => this.#selected(pair),
      proofWanted: (pair) => this.#client?.recheck([pair]),
    })
    this.#server = new CheckServer(this.parts, {
      respond: (now, base, to, bytes) => host.respond(now, base, to, bytes),
      acceptCheck: (base, from, check) => host.acceptCheck(base, from, check),
      roleChanged: () => this.#roleChanged(),
      triggered: (pair) => this.#trigger(pair),
      asked: (now, pair) => host.asked(now, pair),
      discarded: (reason) => host.discarded(reason),
      later: (action) => host.later(action),
    })
  }

  get role(): IceRole {
    return this.parts.role.current
  }

  get remoteCredentials(): IceCredentials | null {
    return this.#remote
  }

  /** Null where this agent sends none. */
  get consentChecks(): CheckClient['consentChecks'] | null {
    return this.#client?.consentChecks ?? null
  }

  /** Best first. */
  get pairs(): readonly Pair[] {
    return this.parts.list.pairs
  }

  get selected(): Pair | null {
    return this.parts.selection.selected
  }

  /** Whether the peer is known and there is something to check. */
  get hasStarted(): boolean {
    return this.#remote !== null && this.pairs.length > 0
  }

  /** Whether nothing is left to be checked, and the peer has announced its last candidate. */
  get isFinished(): boolean {
    return this.#hasAllRemotes && !this.parts.selection.isNominating && this.#isChecked
  }

  /** Whether no pair works or may yet work, and the peer had time enough to come up with others. */
  isHopeless(now: Millis, isFresh: (pair: Pair) => boolean): boolean {
    const { selection } = this.parts
    const mayRecover = selection.isNominating || this.#client?.isRechecking === true
    if (!this.#patience.isOver(now) || mayRecover) return false
    return this.#isChecked && !this.pairs.some((pair) => pair.isUsable && isFresh(pair))
  }

  /** Whether the peer was given a candidate of this base, so that it may send checks there. */
  isOpen(base: Base): boolean {
    return this.parts.pairing.isOpen(base)
  }

  /** From now on checks are sent. */
  start(now: Millis, remote: IceCredentials, options: RemoteOptions): void {
    const { renomination = this.parts.renomination } = options
    this.#remote = remote
    const { role, selection } = this.parts
    if (options.isLite === true) {
      if (role.lead()) this.#roleChanged()
      // A lite agent answers for what it has said, and never asks.
      selection.isPeerReady = true
    }
    selection.renominates = renomination
    const pacing = agreedPacing(this.parts.pacing, options.pacing)
    if (!this.parts.isLite) this.#client = this.#createClient({ ...this.parts, renomination, pacing }, remote)
    this.#patience.begin(now, this.parts.checkTimeout)
    this.parts.pairing.forgetOthers(remote.usernameFragment)
  }

  #createClient(parts: SessionParts, remote: IceCredentials): CheckClient {
    return new CheckClient(parts, this.credentials, remote, {
      request: (at, base, to, bytes) => this.#host.request(at, base, to, bytes),
      heard: (at, pair) => this.#host.heard(at, pair),
      roleChanged: () => this.#roleChanged(),
      failed: (pair, reason) => this.fail(pair, reason),
      refusedByPeer: (pair) => this.#refused(pair),
      later: (action) => this.#host.later(action),
    })
  }

  /** A lite agent has nothing to check. */
  get #isChecked(): boolean {
    return this.parts.isLite || this.parts.list.isFinished
  }

  addLocal(local: LocalCandidate): void {
    this.parts.pairing.addLocal(local)
  }

  /** `null`: the peer has no more. */
  addRemote(candidate: IceCandidate | null): void {
    const fragment = candidate?.usernameFragment
    if (candidate === null) this.#hasAllRemotes = true
    else if (fragment !== undefined && this.#remote !== null && fragment !== this.#remote.usernameFragment)
      this.#host.discarded('stale-candidate')
    else this.parts.pairing.addRemote(candidate)
  }

  /**
   * Whether a check of `fragment` may be the peer's: any may, until signalling has told. What a peer sends between its own
   * restart and this agent's is of no session. Answered, it would make libwebrtc settle on a pair of its new port and
   * this agent's old fragment for good, and refuse the checks of the new session there.
   */
  isWith(fragment: string): boolean {
    return this.#remote === null || this.#remote.usernameFragment === fragment
  }

  /**
   * A request that was made with this session's credentials. `fragment`: whom it says it comes from. False where nothing has
   * changed but when the peer was last heard.
   */
  handleRequest(
    now: Millis,
    base: Base,
    from: TransportAddress,
    request: AuthenticatedMessage,
    fragment: string,
  ): boolean {
    return this.#server.handleRequest(now, base, from, request, fragment)
  }

  handleResponse(now: Millis, base: Base, from: TransportAddress, response: StunMessage): ResponseOutcome {
    return this.#client?.handleResponse(now, base, from, response) ?? 'unknown-transaction'
  }

  checkConsent(now: Millis, pair: Pair): void {
    this.#client?.checkConsent(now, pair)
  }

  /** The selected pair fell silent: finds out which others still work. */
  recheck(): void {
    if (this.#isRetired) return
    this.#client?.recheck(this.pairs.filter((pair) => pair.isUsable && pair !== this.selected))
    this.parts.pairing.pairAll()
  }

  /** The pair works no more. */
  fail(pair: Pair, reason: PairFailure): void {
    if (pair.state === 'failed') return
    // Consent ends after a long silence, in which all has been tried.
    const isSudden = pair === this.selected && reason !== 'consent-expired'
    this.parts.list.failed(pair)
    this.parts.selection.lost(pair)
    if (isSudden && !this.#isRetired) this.parts.pairing.pairAll()
    this.#host.pairFailed(pair, reason)
  }

  /** The base cannot reach that address, whatever the port. */
  failPeer(base: Base, peer: TransportAddress, reason: PairFailure): void {
    for (const pair of [...this.pairs])
      if (pair.base === base && pair.remoteAddress.address === peer.address) this.fail(pair, reason)
  }

  /** The pair from that base to that address, if there is one, works no more. */
  failPair(base: Base, peer: TransportAddress, reason: PairFailure): void {
    const pair = this.parts.list.find(base, peer)
    if (pair !== undefined) this.fail(pair, reason)
  }

  /** The base is gone, and all pairs of it for that reason; null: it was given back for lack of use. */
  removeBase(base: Base, reason: PairFailure | null): void {
    this.parts.pairing.removeBase(base)
    if (reason !== null) for (const pair of [...this.pairs]) if (pair.base === base) this.fail(pair, reason)
    this.parts.list.remove((pair) => pair.base === base)
    // One that fell silent may have been given back, too: nothing can be sent over it any more.
    if (this.selected?.base === base) this.parts.selection.lost(this.selected)
  }

  /** Whether {@link Session.startCheck} would send something. */
  get hasWork(): boolean {
    return !this.#isRetired && this.#client?.hasWork === true
  }

  /** Sends the next check, if there is one. */
  startCheck(now: Millis): boolean {
    return !this.#isRetired && this.#client?.startNext(now) === true
  }

  handleTimeout(now: Millis): void {
    this.#client?.handleTimeout(now)
  }

  /** After anything has happened: nominates if it is time. `hasAllLocals`: gathering is complete. */
  settle(now: Millis, hasAllLocals: boolean, isFresh: (pair: Pair) => boolean): void {
    this.#patience.handleTimeout(now)
    if (this.#isRetired || this.#client === null) return
    this.parts.selection.settle(now, hasAllLocals && this.#hasAllRemotes, isFresh)
  }

  get nextTimeout(): Millis {
    const checks = this.#client?.nextTimeout ?? NEVER
    if (this.#isRetired) return checks
    return Millis(Math.min(checks, this.parts.selection.nextTimeout, this.#patience.nextTimeout))
  }

  /** A restart has begun, RFC 8445 §9: this session only keeps its selected pair alive from now on. */
  retire(): void {
    this.#isRetired = true
    this.#keepOnly((pair) => pair === this.selected)
  }

  stop(): void {
    this.#isRetired = true
    this.#client?.stop()
  }

  #trigger(pair: Pair): void {
    if (this.#isRetired) return
    if (pair.state === 'in-progress') this.#client?.silence((other) => other === pair)
    this.parts.list.trigger(pair)
  }

  #roleChanged(): void {
    for (const pair of this.pairs) pair.updatePriority()
    this.parts.list.sort()
    this.parts.selection.roleChanged()
  }

  #refused(pair: Pair): void {
    pair.isRefused = true
    this.parts.selection.nominationFailed(pair, false)
    this.#host.pairFailed(pair, '403')
  }

  /** RFC 8445 §8.1.2: what can no longer be selected is checked no more. What the peer uses stays known. */
  #selected(pair: Pair): void {
    const { selection } = this.parts
    this.#keepOnly((other) => other.state === 'succeeded' || other.isHeard || selection.isOpenTo(other))
    this.#host.pairSelected(pair)
  }

  #keepOnly(predicate: (pair: Pair) => boolean): void {
    this.parts.list.remove((pair) => !predicate(pair))
    this.#client?.silence((pair) => !this.pairs.includes(pair))
  }
}

const NEVER = Millis(Infinity)
