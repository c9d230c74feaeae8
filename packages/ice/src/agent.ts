import { Counters, Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import type { Base, LocalCandidate, LocalSocket, SocketBase } from './base.ts'
import type { IceCandidate } from './candidate.ts'
import { Conclusion } from './conclusion.ts'
import { type IceConfig, sessionOptions } from './config.ts'
import type { IceConnectionState } from './connection-state.ts'
import { Consent } from './consent.ts'
import {
  checkCredentials,
  generateCredentials,
  type IceCredentials,
  type RemoteOptions,
} from './credentials.ts'
import type { Discarded } from './discarded.ts'
import { drawFraction } from './draw-fraction.ts'
import { Foundations } from './foundation.ts'
import { Gatherer, type GatheringState } from './gatherer.ts'
import type { IceHost } from './host.ts'
import { IceError } from './ice-error.ts'
import { Outbox } from './outbox.ts'
import { Pacer } from './pacer.ts'
import type { CandidatePair, Pair } from './pair.ts'
import { Reception } from './reception.ts'
import type { IceRole } from './role.ts'
import type { IceServerAddress, TurnServerAddress } from './server-address.ts'
import { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import { StateReporter } from './state-reporter.ts'
import { type IceStatistics, Statistics } from './stats.ts'
import { isMdnsName, UnresolvedNames } from './unresolved-names.ts'

/**
 * A full ICE agent, RFC 8445, with trickle (RFC 8838) and consent (RFC 7675), for one component over UDP. A machine
 * without a socket or a clock: the host calls `handleDatagram`, and `handleTimeout` when `nextTimeout` has come.
 *
 * @example
 * const agent = new IceAgent({ crypto: nodeCrypto, role: 'controlling' }, {
 *   transmit: (socket, to, bytes) => sockets[socket].send(bytes, to.port, to.address),
 *   received: (now, bytes) => dtls.handleDatagram(now, bytes),
 *   candidateGathered: (candidate) => signal(candidate && formatCandidate(candidate)),
 *   gatheringStateChanged: () => undefined,
 *   stateChanged: (state) => print(state),
 *   pairSelected: (pair) => print(pair.local.type, pair.remote.type),
 * })
 * agent.gather(now, [{ id: 0, address: { family: 'IPv4', address: '192.168.1.5', port: 50_000 } }])
 * agent.setRemoteCredentials(now, { usernameFragment, password })
 * agent.addRemoteCandidate(now, parseCandidate(line))
 * agent.send(now, bytes) // true once a pair works
 */
export class IceAgent {
  /** What was dropped, by reason. */
  readonly discarded: Counters<Discarded> = new Counters()
  readonly #config: IceConfig
  readonly #host: IceHost
  readonly #outbox = new Outbox()
  readonly #reporter: StateReporter
  readonly #pacer: Pacer
  readonly #foundations = new Foundations()
  readonly #gatherer: Gatherer
  readonly #sessions: Sessions
  readonly #consent: Consent
  readonly #stats = new Statistics()
  readonly #reception: Reception
  readonly #names = new UnresolvedNames()
  #localCandidates: IceCandidate[] = []
  #hasFailed = false
  #isClosed = false
  #isTurnOfChecks = false
  readonly #conclusion = new Conclusion()
  /** Something other than data has happened in this handler. */
  #isUnsettled = false

  /** Throws {@link IceError} `invalid-credentials` for local credentials that RFC 8839 forbids. */
  constructor(config: IceConfig, host: IceHost) {
    this.#config = config
    this.#host = host
    this.#reporter = new StateReporter(host, this.#outbox, config.continualGathering ?? false)
    this.#pacer = new Pacer(config.pacing ?? 50)
    this.#gatherer = this.#createGatherer()
    const first = this.#createSession(config.role, config.localCredentials)
    this.#sessions = new Sessions(config.crypto, first, {
      respond: (now, base, to, bytes) => this.#respond(now, base, to, bytes),
      responseAccepted: () => this.#stats.responsesReceived++,
      discarded: (reason) => this.discarded.count(reason),
    })
    this.#consent = new Consent(
      { silence: config.disconnectedTimeout ?? 7_000 },
      () => drawFraction(config.crypto),
      {
        consentCheckDue: (now, pair) => this.#sessions.checkConsent(now, pair),
        silenceChanged: (_now, pair) => {
          if (pair.isSilent) this.#sessions.current.recheck()
        },
        consentExpired: (_now, pair) => this.#sessions.fail(pair, 'consent-expired'),
      },
    )
    this.#reception = new Reception(this.#sessions, this.#consent, this.#stats, this.discarded, {
      isActive: () => !this.#isClosed && !this.#hasFailed,
      handleResponse: (now, base, from, message) => this.#gatherer.handleResponse(now, base, from, message),
      unsettled: () => (this.#isUnsettled = true),
      received: (now, bytes) => host.received(now, bytes),
    })
  }

  /** What the peer must be told; new ones after {@link IceAgent.restart}. */
  get localCredentials(): IceCredentials {
    return this.#sessions.current.credentials
  }

  get remoteCredentials(): IceCredentials | null {
    return this.#sessions.current.remoteCredentials
  }

  /** Those that `candidateGathered` reported for the present credentials. */
  get localCandidates(): readonly IceCandidate[] {
    return this.#localCandidates
  }

  get state(): IceConnectionState {
    return this.#reporter.state
  }

  get gatheringState(): GatheringState {
    return this.#reporter.gatheringState
  }

  get role(): IceRole {
    return this.#sessions.current.role
  }

  /** The nominated pair of the present session. */
  get selectedPair(): CandidatePair | null {
    return this.#sessions.current.selected
  }

  /** The pair that data goes over: before nomination the best that works, during a restart the old one. */
  get activePair(): CandidatePair | null {
    return this.#consent.pair
  }

  /** The check list, best pair first. */
  get pairs(): readonly CandidatePair[] {
    return [...this.#sessions.current.pairs]
  }

  get stats(): IceStatistics {
    return this.#stats.snapshot()
  }

  /** Whether no TURN server holds anything for this agent any more; after `close()` the sockets can then go. */
  get isReleased(): boolean {
    return this.#gatherer.isReleased
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#consent.nextTimeout, this.#workAt))
  }

  /**
   * Finds candidates on these sockets, those of the first one preferred. May be called again with further sockets, and
   * must be called after {@link IceAgent.restart}. With `awaitsServers` the servers are asked, and gathering can be
   * complete, only after {@link IceAgent.setServers}: their names may be resolved meanwhile. Throws {@link IceError}
   * `closed`.
   */
  gather(
    now: Millis,
    sockets: readonly LocalSocket[],
    options: { readonly awaitsServers?: boolean } = {},
  ): void {
    this.#command(now, () => this.#gatherer.gather(now, sockets, options.awaitsServers ?? false))
  }

  /** Replaces the servers of the configuration; asked in the next gathering, or in the present one if that waits. */
  setServers(now: Millis, servers: readonly IceServerAddress[]): void {
    this.#command(now, () => this.#gatherer.setServers(this.#config.lite === true ? [] : servers))
  }

  /**
   * From now on checks are sent. Throws {@link IceError} `invalid-credentials`, `closed`, or `restart-needed` for other
   * credentials than those of the present session: the peer has restarted, so this agent must, too (RFC 8839 §4.4.3.1).
   */
  setRemoteCredentials(now: Millis, credentials: IceCredentials, options: RemoteOptions = {}): void {
    checkCredentials(credentials)
    const { usernameFragment, password } = credentials
    const known = this.remoteCredentials
    if (known?.usernameFragment === usernameFragment && known.password === password) return
    if (known !== null) throw new IceError('restart-needed', 'the peer has restarted: restart() comes first')
    this.#command(now, () => {
      this.#pacer.hurry(now)
      this.#sessions.current.start(now, { usernameFragment, password }, options)
    })
  }

  /**
   * May come before the credentials, and in any order. What cannot be used is counted in {@link IceAgent.discarded}.
   * `null`: the peer has no more. Throws {@link IceError} `closed`.
   */
  addRemoteCandidate(now: Millis, candidate: IceCandidate | null): void {
    this.#command(now, () => {
      if (candidate === null) {
        if (!this.#names.holdEnd()) this.#sessions.current.addRemote(null)
      } else if (this.#host.acceptRemoteCandidate?.(candidate) === false) {
        this.discarded.count('refused-candidate')
      } else if (this.#host.resolveName !== undefined && isMdnsName(candidate.address)) {
        this.#resolve(candidate.address, this.#names.add(candidate))
      } else {
        this.#sessions.current.addRemote(candidate)
      }
    })
  }

  /** What `IceHost.resolveName` asked for: the name's IP addresses, none where it is unknown. */
  nameResolved(now: Millis, name: string, addresses: readonly string[]): void {
    if (this.#isClosed) return
    this.#command(now, () => {
      if (addresses.length === 0) this.discarded.count('unresolved-candidate')
      for (const candidate of this.#names.resolve(name, addresses))
        this.#sessions.current.addRemote(candidate)
    })
  }

  /**
   * A datagram that came to one of the sockets. `from.address` is canonical, as Node's is (RFC 5952, without a zone).
   */
  handleDatagram(now: Millis, socket: number, from: TransportAddress, bytes: Uint8Array): void {
    const base = this.#gatherer.baseOf(socket)
    if (base === undefined) {
      this.discarded.count('unknown-socket')
      return
    }
    this.#outbox.enter()
    try {
      if (!this.#gatherer.handleRelay(now, base, from, bytes)) this.#reception.receive(now, base, from, bytes)
      if (this.#mustSettle) this.#settle(now)
    } finally {
      this.#outbox.leave()
    }
  }

  /** A message that came over the connection of `IceHost.transmitToServer`. */
  handleServerMessage(now: Millis, socket: number, server: TurnServerAddress, bytes: Uint8Array): void {
    const take = (base: SocketBase): void => this.#gatherer.handleServerMessage(now, base, server, bytes)
    this.#fromSocket(now, socket, take, false)
  }

  /** That connection is no more, or could not be made. */
  serverLost(now: Millis, socket: number, server: TurnServerAddress, reason: string): void {
    this.#fromSocket(now, socket, (base) => this.#gatherer.serverLost(base, server, reason))
  }

  /** The TCP connection of that socket to `to` could not be made, or is no more. */
  connectionLost(now: Millis, socket: number, to: TransportAddress): void {
    this.#fromSocket(now, socket, (base) => this.#sessions.failPair(base, to, 'unreachable'))
  }

  /** The socket is gone, with its interface for instance: pairs of it fail, and others take over. */
  removeSocket(now: Millis, socket: number): void {
    this.#fromSocket(now, socket, (base) => {
      this.#gatherer.removeSocket(base)
      this.#sessions.removeBase(base, 'interface-lost')
    })
  }

  /**
   * Sends data to the peer, over the selected pair or, before there is one, the best that works. False, and nothing
   * sent, where there is none.
   */
  send(now: Millis, bytes: Uint8Array): boolean {
    const { pair } = this.#consent
    if (pair === null) return false
    this.#stats.sent(bytes)
    pair.base.send(now, pair.remoteAddress, bytes)
    return true
  }

  /**
   * Begins a new session with new credentials, RFC 8445 §9. Data goes on over the old pair until the new session has
   * one. What comes next is `gather`, signalling, `setRemoteCredentials`. `credentials` are those that a description
   * has announced already; random ones by default. Throws {@link IceError} `closed` or `invalid-credentials`.
   */
  restart(now: Millis, role: IceRole = this.role, credentials?: IceCredentials): void {
    this.#command(now, () => {
      const { pair } = this.#consent
      if (pair?.isSilent === true && pair.base.isRelay) this.#gatherer.giveUp(now, pair.base)
      this.#sessions.restart(this.#createSession(role, credentials))
      this.#gatherer.reset()
      this.#names.clear()
      this.#localCandidates = []
      this.#hasFailed = false
      this.#conclusion.reset()
    })
  }

  handleTimeout(now: Millis): void {
    this.#handle(now, () => {
      if (this.#workAt <= now) this.#work(now)
      if (this.#consent.handleTimeout(now)) this.#isUnsettled = true
    })
  }

  /**
   * Ends everything at once, but for TURN allocations: until {@link IceAgent.isReleased} or `released` the agent wants
   * their servers' datagrams, and its time-outs.
   */
  close(now: Millis): void {
    if (this.#isClosed) return
    this.#command(now, () => {
      this.#isClosed = true
      this.#conclusion.stop()
      this.#sessions.stop()
      this.#gatherer.close(now)
    })
  }

  /** When there is more to do than to mind consent. */
  get #workAt(): number {
    return Math.min(
      this.#gatherer.nextTimeout,
      this.#sessions.nextTimeout,
      this.#pacer.nextTimeout,
      this.#conclusion.nextTimeout,
    )
  }

  #work(now: Millis): void {
    this.#isUnsettled = true
    this.#gatherer.handleTimeout(now)
    this.#sessions.handleTimeout(now)
    const base = this.#sessions.current.selected?.base
    if (this.#conclusion.take(now, this.state === 'completed') && base) this.#gatherer.conclude(now, base)
  }

  #resolve(name: string, addition: { readonly isNew: boolean } | false): void {
    if (addition === false) this.discarded.count('too-many-candidates')
    else if (addition.isNew) this.#outbox.post(() => this.#host.resolveName?.(name))
  }

  #command(now: Millis, body: () => void): void {
    if (this.#isClosed) throw new IceError('closed', 'the agent was closed')
    this.#handle(now, () => {
      this.#isUnsettled = true
      body()
    })
  }

  /** `isNews`: whatever came of it, conclusions are to be drawn. */
  #fromSocket(now: Millis, socket: number, body: (base: SocketBase) => void, isNews = true): void {
    const base = this.#gatherer.baseOf(socket)
    if (base === undefined) {
      this.discarded.count('unknown-socket')
      return
    }
    this.#isUnsettled ||= isNews
    this.#handle(now, () => body(base))
  }

  #handle(now: Millis, body: () => void): void {
    this.#outbox.enter()
    try {
      body()
      if (this.#mustSettle) this.#settle(now)
    } finally {
      this.#outbox.leave()
    }
  }

  get #mustSettle(): boolean {
    return this.#isUnsettled || this.#isClosed || this.#gatherer.hasWork
  }

  /** Draws the conclusions of whatever has happened, and tells the host. */
  #settle(now: Millis): void {
    this.#isUnsettled = false
    if (this.#isClosed) {
      this.#consent.follow(now, null)
      this.#pacer.stop()
    } else {
      const isFresh = (pair: Pair): boolean => this.#consent.isFresh(now, pair)
      this.#gatherer.settle()
      this.#sessions.settle(now, this.#gatherer.state === 'complete', isFresh)
      this.#chooseRoute(now, isFresh)
      this.#giveUpIfHopeless(now, isFresh)
      this.#pacer.run(now, this.#hasWork, () => this.#startNext(now))
    }
    this.#report(now)
  }

  #chooseRoute(now: Millis, isFresh: (pair: Pair) => boolean): void {
    const route = this.#sessions.route(isFresh)
    if (route === this.#consent.pair) return
    this.#consent.follow(now, route)
    if (route !== null) this.#outbox.post(() => route.base.favour(now, route.remoteAddress))
  }

  #giveUpIfHopeless(now: Millis, isFresh: (pair: Pair) => boolean): void {
    if (this.#hasFailed || this.#consent.pair !== null || this.#gatherer.state === 'gathering') return
    if (!this.#sessions.current.isHopeless(now, isFresh)) return
    this.#hasFailed = true
    this.#sessions.stop()
  }

  readonly #hasWork = (): boolean => this.#gatherer.hasWork || this.#sessions.current.hasWork

  /** Gathering and checking take turns, so that neither waits for the other's end. */
  #startNext(now: Millis): boolean {
    this.#isTurnOfChecks = !this.#isTurnOfChecks
    const { current } = this.#sessions
    return this.#isTurnOfChecks
      ? current.startCheck(now) || this.#gatherer.startNext(now)
      : this.#gatherer.startNext(now) || current.startCheck(now)
  }

  #report(now: Millis): void {
    const { current } = this.#sessions
    const gathering = this.#gatherer.state
    const isSelected = current.selected !== null && current.isFinished
    const wasCompleted = this.state === 'completed'
    this.#reporter.report(gathering, {
      isClosed: this.#isClosed,
      hasFailed: this.#hasFailed,
      route: this.#consent.pair,
      hasStarted: current.hasStarted,
      isComplete: gathering === 'complete' && isSelected,
    })
    if (this.state === 'completed' && !wasCompleted) this.#conclusion.schedule(now)
    if (this.#isClosed && this.isReleased) this.#reporter.released()
  }

  #candidateFound(local: LocalCandidate): void {
    this.#isUnsettled = true
    const candidate = { ...local.candidate, usernameFragment: this.localCredentials.usernameFragment }
    if (this.#host.acceptLocalCandidate?.(candidate) === false) {
      this.discarded.count('refused-candidate')
      return
    }
    this.#localCandidates.push(candidate)
    this.#sessions.current.addLocal({ ...local, candidate })
    this.#outbox.post(() => this.#host.candidateGathered(candidate))
  }

  #respond(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void {
    this.#stats.responsesSent++
    this.#outbox.post(() => base.send(now, to, bytes))
  }

  #createGatherer(): Gatherer {
    const { crypto, policy = 'all', gatherTimeout = 10_000, lite = false } = this.#config
    const servers = lite ? [] : (this.#config.servers ?? [])
    const config = { crypto, servers, policy, timeout: gatherTimeout, foundations: this.#foundations }
    return new Gatherer(config, {
      transmit: (socket, to, bytes) => this.#host.transmit(socket, to, bytes),
      transmitToServer: (socket, server, bytes) => this.#host.transmitToServer?.(socket, server, bytes),
      disconnectServer: (socket, server) => this.#host.disconnectServer?.(socket, server),
      sendQuery: (now, base, to, bytes) => this.#outbox.post(() => base.send(now, to, bytes)),
      candidateFound: (local) => this.#candidateFound(local),
      candidateFailed: (error) => {
        this.#isUnsettled = true
        this.#outbox.post(() => this.#host.candidateError?.(error))
      },
      relayReceived: (now, base, peer, bytes) => this.#reception.receive(now, base, peer, bytes),
      relayLost: (base, isReleased) => {
        this.#isUnsettled = true
        this.#sessions.removeBase(base, isReleased ? null : 'relay-lost')
      },
      relayRefused: (base, peer, code) => {
        this.#isUnsettled = true
        this.#sessions.failPeer(base, peer, `${code}`)
      },
    })
  }

  #createSession(role: IceRole, credentials?: IceCredentials): Session {
    if (credentials !== undefined) checkCredentials(credentials)
    const shared = {
      role,
      credentials: credentials ?? generateCredentials(this.#config.crypto),
      foundations: this.#foundations,
    }
    return new Session(
      { ...sessionOptions(this.#config), ...shared },
      {
        request: (now, base, to, bytes) => {
          this.#stats.requestsSent++
          this.#outbox.post(() => base.send(now, to, bytes))
        },
        respond: (now, base, to, bytes) => this.#respond(now, base, to, bytes),
        acceptPair: (pair) => this.#host.acceptPair?.(pair) ?? true,
        acceptCheck: ({ address: to }, from, { isNominating }) =>
          this.#host.acceptCheck?.({ from, to, isNominating }) ?? true,
        pairSelected: (pair) => this.#outbox.post(() => this.#host.pairSelected(pair)),
        pairFailed: (pair, reason) => this.#outbox.post(() => this.#host.pairFailed?.(pair, reason)),
        heard: (now, pair) => this.#reception.heard(now, pair),
        discarded: (reason) => this.discarded.count(reason),
        later: (action) => this.#outbox.post(action),
      },
    )
  }
}
