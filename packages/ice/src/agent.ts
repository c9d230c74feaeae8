import { type Counters, Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import { AgentParts } from './agent-parts.ts'
import type { LocalSocket, SocketBase } from './base.ts'
import type { IceCandidate } from './candidate.ts'
import type { IceConfig } from './config.ts'
import type { IceConnectionState } from './connection-state.ts'
import { checkCredentials, type IceCredentials, type RemoteOptions } from './credentials.ts'
import type { Discarded } from './discarded.ts'
import { Entry } from './entry.ts'
import type { GatheringState } from './gatherer.ts'
import type { IceHost } from './host.ts'
import { IceError } from './ice-error.ts'
import type { CandidatePair } from './pair.ts'
import type { IceRole } from './role.ts'
import type { IceServerAddress, TurnServerAddress } from './server-address.ts'
import type { IceStatistics } from './stats.ts'

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
  readonly #config: IceConfig
  readonly #parts: AgentParts
  readonly #entry: Entry

  /** Throws {@link IceError} `invalid-credentials` for local credentials that RFC 8839 forbids. */
  constructor(config: IceConfig, host: IceHost) {
    this.#config = config
    this.#parts = new AgentParts(config, host)
    this.#entry = new Entry(this.#parts)
  }

  /** What was dropped, by reason. */
  get discarded(): Counters<Discarded> {
    return this.#parts.discarded
  }

  /** What the peer must be told; new ones after {@link IceAgent.restart}. */
  get localCredentials(): IceCredentials {
    return this.#parts.sessions.current.credentials
  }

  get remoteCredentials(): IceCredentials | null {
    return this.#parts.sessions.current.remoteCredentials
  }

  /** Those that `candidateGathered` reported for the present credentials. */
  get localCandidates(): readonly IceCandidate[] {
    return this.#parts.localCandidates
  }

  get state(): IceConnectionState {
    return this.#parts.reporter.state
  }

  get gatheringState(): GatheringState {
    return this.#parts.reporter.gatheringState
  }

  get role(): IceRole {
    return this.#parts.sessions.current.role
  }

  /** The nominated pair of the present session. */
  get selectedPair(): CandidatePair | null {
    return this.#parts.sessions.current.selected
  }

  /** The pair that data goes over: before nomination the best that works, during a restart the old one. */
  get activePair(): CandidatePair | null {
    return this.#parts.consent.pair
  }

  /** The check list, best pair first. */
  get pairs(): readonly CandidatePair[] {
    return [...this.#parts.sessions.current.pairs]
  }

  get stats(): IceStatistics {
    return this.#parts.stats.snapshot()
  }

  /** Whether no TURN server holds anything for this agent any more; after `close()` the sockets can then go. */
  get isReleased(): boolean {
    return this.#parts.gatherer.isReleased
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#parts.consent.nextTimeout, this.#parts.processing.nextTimeout))
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
    this.#entry.command(now, () => this.#parts.gatherer.gather(now, sockets, options.awaitsServers ?? false))
  }

  /** Replaces the servers of the configuration; asked in the next gathering, or in the present one if that waits. */
  setServers(now: Millis, servers: readonly IceServerAddress[]): void {
    this.#entry.command(now, () => this.#parts.gatherer.setServers(this.#config.lite === true ? [] : servers))
  }

  /**
   * From now on checks are sent. Throws {@link IceError} `invalid-credentials`, `closed`, or `restart-needed` for other
   * credentials than those of the present session: the peer has restarted, so this agent must, too (RFC 8839 §4.4.3.1).
   */
  setRemoteCredentials(now: Millis, credentials: IceCredentials, options: RemoteOptions = {}): void {
    checkCredentials(credentials, 'theirs')
    const { usernameFragment, password } = credentials
    const known = this.remoteCredentials
    if (known?.usernameFragment === usernameFragment && known.password === password) return
    if (known !== null) throw new IceError('restart-needed', 'the peer has restarted: restart() comes first')
    this.#entry.command(now, () => {
      const { processing, sessions } = this.#parts
      processing.hurry(now, options.pacing)
      sessions.current.start(now, { usernameFragment, password }, options)
    })
  }

  /**
   * May come before the credentials, and in any order. What cannot be used is counted in {@link IceAgent.discarded}.
   * `null`: the peer has no more. Throws {@link IceError} `closed`.
   */
  addRemoteCandidate(now: Millis, candidate: IceCandidate | null): void {
    this.#entry.command(now, () => this.#parts.trickle.add(candidate))
  }

  /** What `IceHost.resolveName` asked for: the name's IP addresses, none where it is unknown. */
  nameResolved(now: Millis, name: string, addresses: readonly string[]): void {
    if (this.#parts.processing.isClosed) return
    this.#entry.command(now, () => this.#parts.trickle.nameResolved(name, addresses))
  }

  /**
   * A datagram that came to one of the sockets. `from.address` is canonical, as Node's is (RFC 5952, without a zone).
   */
  handleDatagram(now: Millis, socket: number, from: TransportAddress, bytes: Uint8Array): void {
    const base = this.#entry.baseOf(socket)
    if (base === undefined || (bytes[0]! < 2 && this.handleRoutine(now, socket, from, bytes))) return
    const { gatherer, outbox, processing, reception } = this.#parts
    // No closure, as in Entry.handle: data must cost no allocation.
    processing.forgetTimeout()
    outbox.enter()
    try {
      if (!gatherer.handleRelay(now, base, from, bytes)) reception.receive(now, base, from, bytes)
      processing.settle(now)
    } finally {
      outbox.leave()
      processing.forgetTimeout()
    }
  }

  /**
   * Takes a datagram of the peer's that shows only that it is there, as an idle agent gets again and again. False, and
   * nothing done, for any other: that is for {@link IceAgent.handleDatagram}, which tries this first.
   */
  handleRoutine(now: Millis, socket: number, from: TransportAddress, bytes: Uint8Array): boolean {
    return this.#parts.routine.receive(now, socket, from, bytes)
  }

  /** A message that came over the connection of `IceHost.transmitToServer`. */
  handleServerMessage(now: Millis, socket: number, server: TurnServerAddress, bytes: Uint8Array): void {
    const take = (base: SocketBase): void =>
      this.#parts.gatherer.handleServerMessage(now, base, server, bytes)
    this.#entry.fromSocket(now, socket, take, false)
  }

  /** That connection is no more, or could not be made. */
  serverLost(now: Millis, socket: number, server: TurnServerAddress, reason: string): void {
    this.#entry.fromSocket(now, socket, (base) => this.#parts.gatherer.serverLost(base, server, reason))
  }

  /** The TCP connection of that socket to `to` could not be made, or is no more. */
  connectionLost(now: Millis, socket: number, to: TransportAddress): void {
    this.#entry.fromSocket(now, socket, (base) => this.#parts.sessions.failPair(base, to, 'unreachable'))
  }

  /** The socket is gone, with its interface for instance: pairs of it fail, and others take over. */
  removeSocket(now: Millis, socket: number): void {
    this.#entry.fromSocket(now, socket, (base) => {
      this.#parts.gatherer.removeSocket(base)
      this.#parts.sessions.removeBase(base, 'interface-lost')
    })
  }

  /**
   * Sends data to the peer, over the selected pair or, before there is one, the best that works. False, and nothing
   * sent, where there is none.
   */
  send(now: Millis, bytes: Uint8Array): boolean {
    const { consent, processing, stats } = this.#parts
    const { pair } = consent
    if (pair === null) return false
    stats.sent(bytes)
    consent.sending(now)
    if (pair.base.isRelay) processing.forgetTimeout()
    pair.base.send(now, pair.remoteAddress, bytes)
    return true
  }

  /**
   * Begins a new session with new credentials, RFC 8445 §9. Data goes on over the old pair until the new session has
   * one. What comes next is `gather`, signalling, `setRemoteCredentials`. `credentials` are those that a description
   * has announced already; random ones by default. Throws {@link IceError} `closed` or `invalid-credentials`.
   */
  restart(now: Millis, role: IceRole = this.role, credentials?: IceCredentials): void {
    const { consent, gatherer, sessions, processing, trickle } = this.#parts
    this.#entry.command(now, () => {
      const { pair } = consent
      if (pair?.isSilent === true && pair.base.isRelay) gatherer.giveUp(now, pair.base)
      sessions.restart(this.#parts.createSession(role, credentials))
      gatherer.reset()
      processing.restart()
      trickle.restart()
      this.#parts.localCandidates = []
    })
  }

  handleTimeout(now: Millis): void {
    const { consent, outbox, processing, routine } = this.#parts
    if (processing.nextTimeout <= now) {
      this.#entry.handle(now, () => processing.handleTimeout(now))
      // What that told the host may have closed the agent.
      if (processing.isClosed) return
    }
    outbox.enter()
    try {
      if (consent.handleTimeout(now)) {
        processing.forgetTimeout()
        processing.unsettle()
        processing.settle(now)
      }
      routine.send()
    } finally {
      outbox.leave()
    }
  }

  /**
   * Ends everything at once, but for TURN allocations: until {@link IceAgent.isReleased} or `released` the agent wants
   * their servers' datagrams, and its time-outs.
   */
  close(now: Millis): void {
    const { gatherer, sessions, processing } = this.#parts
    if (processing.isClosed) return
    this.#entry.command(now, () => {
      processing.close()
      sessions.stop()
      gatherer.close(now)
    })
  }
}
