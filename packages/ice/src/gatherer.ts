import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import { StatusCode, type StunMessage, type TransportAddress } from '@purertc/stun'

import { type Base, type LocalCandidate, type LocalSocket, type RelayBase, SocketBase } from './base.ts'
import { anyAddress, type CandidateOrigin } from './candidate-of-base.ts'
import type { Foundations } from './foundation.ts'
import { GatheredCandidates } from './gathered-candidates.ts'
import { type Relay, Relays } from './relays.ts'
import {
  type CandidateError,
  type IceServerAddress,
  isStream,
  type StunServerAddress,
  type TurnServerAddress,
} from './server-address.ts'
import { StunQueries } from './stun-queries.ts'

export interface GathererConfig {
  readonly crypto: CryptoProvider
  readonly servers: readonly IceServerAddress[]
  readonly policy: 'all' | 'relay'
  /** Milliseconds after which servers that have not answered are given up. */
  readonly timeout: number
  readonly foundations: Foundations
}

export interface GathererHost {
  /** Bytes are borrowed until the call returns. */
  transmit(socket: number, to: TransportAddress, bytes: Uint8Array): void
  transmitToServer(socket: number, server: TurnServerAddress, bytes: Uint8Array): void
  disconnectServer(socket: number, server: TurnServerAddress): void
  /** A STUN request; its bytes are the host's to keep. */
  sendQuery(now: Millis, base: SocketBase, to: TransportAddress, bytes: Uint8Array): void
  candidateFound(local: LocalCandidate): void
  candidateFailed(error: CandidateError): void
  relayReceived(now: Millis, base: RelayBase, peer: TransportAddress, bytes: Uint8Array): void
  relayLost(base: RelayBase, isReleased: boolean): void
  relayRefused(base: RelayBase, peer: TransportAddress, code: number): void
}

export type GatheringState = 'new' | 'gathering' | 'complete'

/** Finds the local candidates, RFC 8445 §5.1.1: of the sockets themselves, and what STUN and TURN servers say. */
export class Gatherer {
  readonly #config: GathererConfig
  readonly #host: GathererHost
  #servers: readonly IceServerAddress[]
  #awaitsServers = false
  readonly #bases: Map<number, SocketBase> = new Map()
  /** Never given twice, for preferences follow from it. */
  #nextIndex = 0
  readonly #queries: StunQueries
  readonly #relays: Relays
  /** What the present session has: sockets that were gathered on, and candidates. */
  #gathered = new Set<SocketBase>()
  readonly #found: GatheredCandidates
  /** Transactions that wait for their turn (Ta). */
  #waiting: ((now: Millis) => void)[] = []
  #state: GatheringState = 'new'
  #givesUpAt: Millis = NEVER

  constructor(config: GathererConfig, host: GathererHost) {
    this.#config = config
    this.#host = host
    const { servers, crypto, foundations } = config
    this.#servers = servers
    this.#found = new GatheredCandidates(foundations)
    this.#queries = new StunQueries(crypto, {
      transmit: (now, base, to, bytes) => host.sendQuery(now, base, to, bytes),
      mapped: ({ base, server, index }, address) => this.#reflexive(base, address, server, index),
      failed: (query, code, text) => this.#failed(query.base, query.server, code, text),
    })
    this.#relays = new Relays(crypto, {
      transmit: (base, server, bytes) =>
        isStream(server)
          ? host.transmitToServer(base.id, server, bytes)
          : host.transmit(base.id, server.address, bytes),
      disconnect: (base, server) => host.disconnectServer(base.id, server),
      allocated: (relay) => this.#allocated(relay),
      failed: (relay, code, text) => this.#relayFailed(relay, code, text),
      received: (now, base, peer, bytes) => host.relayReceived(now, base, peer, bytes),
      lost: (base, isReleased) => host.relayLost(base, isReleased),
      placeFree: ({ via, server, index }) => this.#askForRelay(via, server, index),
      peerRefused: (base, peer, code) => host.relayRefused(base, peer, code),
    })
  }

  get state(): GatheringState {
    return this.#state
  }

  /** Whether no server holds anything for this agent any more. */
  get isReleased(): boolean {
    return this.#relays.isEmpty
  }

  /** Whether a transaction waits for its turn. */
  get hasWork(): boolean {
    return this.#waiting.length > 0
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#queries.nextTimeout, this.#relays.nextTimeout, this.#givesUpAt))
  }

  baseOf(socket: number): SocketBase | undefined {
    return this.#bases.get(socket)
  }

  /** The socket is gone: nothing can be gathered on it, nor be kept that was. */
  removeSocket(base: SocketBase): void {
    this.#bases.delete(base.id)
    this.#gathered.delete(base)
    this.#found.removeBase(base)
    this.#queries.removeBase(base)
    this.#relays.removeBase(base)
  }

  /**
   * Gathers on those sockets that the present session has not gathered on yet. `awaitsServers`: not complete before
   * {@link Gatherer.setServers}.
   */
  gather(now: Millis, sockets: readonly LocalSocket[], awaitsServers: boolean): void {
    this.#state = 'gathering'
    this.#awaitsServers = awaitsServers
    this.#givesUpAt = Millis(now + this.#config.timeout)
    const bases = sockets.map((socket) => this.#open(socket)).filter((base) => !this.#gathered.has(base))
    for (const base of bases) this.#gathered.add(base)
    if (this.#config.policy === 'all') for (const base of bases) this.#addHost(base)
    if (!awaitsServers) this.#ask(bases)
  }

  /** The servers to ask from now on; asks them at once where gathering awaits them. */
  setServers(servers: readonly IceServerAddress[]): void {
    this.#servers = servers
    if (!this.#awaitsServers) return
    this.#awaitsServers = false
    this.#ask([...this.#gathered])
  }

  /** Starts the transaction whose turn it is. */
  startNext(now: Millis): boolean {
    const start = this.#waiting.shift()
    start?.(now)
    return start !== undefined
  }

  /** What a TURN server sent. False where the datagram is for somebody else. */
  handleRelay(now: Millis, base: SocketBase, from: TransportAddress, bytes: Uint8Array): boolean {
    return this.#relays.handleDatagram(now, base, from, bytes)
  }

  /** What came over a connection to a TURN server. */
  handleServerMessage(now: Millis, base: SocketBase, server: TurnServerAddress, bytes: Uint8Array): void {
    this.#relays.handleMessage(now, base, server, bytes)
  }

  /** The connection to a TURN server is no more, or could not be made. */
  serverLost(base: SocketBase, server: TurnServerAddress, reason: string): void {
    this.#relays.serverLost(base, server, reason)
  }

  /** A response that may be a STUN server's. False where it is for somebody else. */
  handleResponse(now: Millis, base: Base, from: TransportAddress, response: StunMessage): boolean {
    return this.#queries.handleResponse(now, base, from, response)
  }

  handleTimeout(now: Millis): void {
    this.#queries.handleTimeout(now)
    this.#relays.handleTimeout(now)
    if (now < this.#givesUpAt) return
    this.#givesUpAt = NEVER
    this.#awaitsServers = false
    this.#waiting = []
    this.#queries.abandon()
    this.#relays.abandon(now)
  }

  /** After anything has happened: notices the end. */
  settle(): void {
    if (this.#state !== 'gathering' || this.#awaitsServers || this.hasWork) return
    if (this.#queries.size > 0 || this.#relays.pending > 0) return
    this.#state = 'complete'
    this.#givesUpAt = NEVER
  }

  /** A new session begins, for which everything is to be gathered anew. Allocations stay. */
  reset(): void {
    this.#gathered.clear()
    this.#found.clear()
    this.#waiting = []
    this.#awaitsServers = false
    this.#queries.stop()
    this.#state = 'new'
    this.#givesUpAt = NEVER
  }

  /** The session has what it needs: gives back all allocations but that of `base`, lets NAT bindings lapse. */
  conclude(now: Millis, base: Base): void {
    this.#queries.stopKeepAlive()
    this.#relays.release(now, base)
  }

  /** Nothing comes over that base any more: what it had is asked for anew. */
  giveUp(now: Millis, base: Base): void {
    this.#relays.giveUp(now, base)
  }

  /** Gives everything back; the sockets are needed until {@link Gatherer.isReleased}. */
  close(now: Millis): void {
    this.reset()
    this.#relays.release(now, null)
  }

  #open(socket: LocalSocket): SocketBase {
    const known = this.#bases.get(socket.id)
    if (known !== undefined) return known
    const base = new SocketBase(socket, this.#nextIndex++, (id, to, bytes) =>
      this.#host.transmit(id, to, bytes),
    )
    this.#bases.set(socket.id, base)
    return base
  }

  /** Server by server: base by base, one dead interface would hold up all others. */
  #ask(bases: readonly SocketBase[]): void {
    const stunServers = this.#servers.filter((server) => server.kind === 'stun')
    const turnServers = this.#servers.filter((server) => server.kind === 'turn')
    if (this.#config.policy === 'all')
      for (const [index, server] of stunServers.entries())
        for (const base of bases) if (base.canAsk(server.address)) this.#query(base, server, index)
    for (const [index, server] of turnServers.entries())
      for (const base of bases) if (base.canAsk(server.address)) this.#askForRelay(base, server, index)
  }

  #query(base: SocketBase, server: StunServerAddress, index: number): void {
    this.#waiting.push((now) => {
      if (this.#gathered.has(base)) this.#queries.start(now, { base, server, index })
    })
  }

  #askForRelay(base: SocketBase, server: TurnServerAddress, index: number): void {
    const known = this.#relays.find(base, server)
    if (known === undefined)
      this.#waiting.push((now) => {
        if (this.#gathered.has(base)) this.#relays.allocate(now, base, server, index)
      })
    else if (known.base !== null) this.#allocated(known)
    else this.#relays.awaitPlace(base, server)
  }

  #allocated({ via, server, base, mapped, index: serverIndex }: Relay): void {
    if (base === null || mapped === null) return
    // An Allocate response tells what a Binding response would, too (RFC 8445 §5.1.1.2), but over UDP alone.
    if (this.#config.policy === 'all' && !isStream(server)) this.#reflexive(via, mapped, server, serverIndex)
    const related = this.#config.policy === 'all' ? mapped : anyAddress(mapped)
    this.#add({ base, type: 'relay', address: base.address, related, server, serverIndex })
  }

  /** RFC 8445 §5.1.1.2: a TURN server without room for another allocation still tells what a STUN server would. */
  #relayFailed({ via, server, index }: Relay, code: number, text: string): void {
    this.#failed(via, server, code, text)
    const isFull = code === StatusCode.allocationQuotaReached || code === StatusCode.insufficientCapacity
    if (!isFull || this.#config.policy !== 'all' || isStream(server)) return
    const { address, url } = server
    this.#query(via, { kind: 'stun', address, ...(url !== undefined && { url }) }, index)
  }

  #addHost(base: SocketBase): void {
    const { address, mapped } = base
    const common = { base, server: null, serverIndex: 0 } as const
    this.#add({ type: 'host', address, related: undefined, ...common })
    for (const outside of mapped) this.#add({ type: 'srflx', address: outside, related: address, ...common })
  }

  #reflexive(
    base: SocketBase,
    mapped: TransportAddress,
    server: IceServerAddress,
    serverIndex: number,
  ): void {
    this.#add({ base, type: 'srflx', address: mapped, related: base.address, server, serverIndex })
  }

  #add(origin: CandidateOrigin): void {
    const local = this.#found.add(origin)
    if (local !== null) this.#host.candidateFound(local)
  }

  #failed(base: SocketBase, { address, url }: IceServerAddress, code: number, text: string): void {
    this.#host.candidateFailed({ server: address, url, base: base.address, code, text })
  }
}

const NEVER = Millis(Infinity)
