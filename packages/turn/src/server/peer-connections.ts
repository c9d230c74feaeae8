import { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import {
  ConnectionId,
  MessageBuilder,
  MessageClass,
  Method,
  sameAddress,
  StatusCode,
  type StunMessage,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { type Allocation, type Applicant, keepApplicant } from './allocation.ts'
import type { Allocations } from './allocations.ts'
import type { TurnServerHost } from './config.ts'
import type { PeerAdmission } from './peer-admission.ts'
import type { Responder } from './responder.ts'

/**
 * - `connecting`: the host is connecting to the peer, for a Connect request that waits for its answer.
 * - `waiting`: for the client's ConnectionBind.
 * - `bound`: joined to a connection of the client's.
 */
interface PeerConnection {
  readonly id: number
  readonly allocation: Allocation
  readonly peer: TransportAddress
  readonly connect: Applicant | null
  state: 'connecting' | 'waiting' | 'bound'
  /** When it is given up; Infinity once bound. */
  expiresAt: Millis
}

/**
 * The TCP connections between allocations and their peers, RFC 6062 §5. The host owns the sockets: it connects, accepts
 * and joins them as it is told here, and data passes without us.
 */
export class PeerConnections {
  readonly #crypto: CryptoProvider
  readonly #host: TurnServerHost
  readonly #allocations: Allocations
  readonly #admission: PeerAdmission
  readonly #responder: Responder
  readonly #perAllocation: number
  readonly #byId = new Map<number, PeerConnection>()
  /** Those that are given up after a while, the next one first: all wait equally long. */
  readonly #waiting = new Map<number, PeerConnection>()
  readonly #ofAllocation = new Map<Allocation, Set<PeerConnection>>()

  constructor(
    crypto: CryptoProvider,
    host: TurnServerHost,
    allocations: Allocations,
    admission: PeerAdmission,
    responder: Responder,
    perAllocation: number,
  ) {
    this.#crypto = crypto
    this.#host = host
    this.#allocations = allocations
    this.#admission = admission
    this.#responder = responder
    this.#perAllocation = perAllocation
  }

  get size(): number {
    return this.#byId.size
  }

  get nextTimeout(): Millis {
    for (const { expiresAt } of this.#waiting.values()) return expiresAt
    return Millis(Infinity)
  }

  /** RFC 6062 §5.2. Answers once the host has connected, or returns the code of the refusal. */
  connect(
    now: Millis,
    applicant: Applicant,
    allocation: Allocation,
    message: StunMessage,
  ): StatusCode | null {
    const peer = message.get(XorPeerAddress)
    if (allocation.transport !== 'tcp' || peer === undefined || peer.port === 0) return StatusCode.badRequest
    const siblings = this.#siblingsOf(allocation)
    if (siblings.some((connection) => sameAddress(connection.peer, peer)))
      return StatusCode.connectionAlreadyExists
    const refusal = this.#admission.refusalOf(allocation, peer)
    if (refusal !== null) return refusal
    if (siblings.length >= this.#perAllocation) return StatusCode.insufficientCapacity
    const connection = this.#add(now, allocation, peer, keepApplicant(applicant))
    this.#host.connectPeer?.(connection.id, allocation.relay, peer)
    return null
  }

  isConnecting(id: number): boolean {
    return this.#byId.get(id)?.state === 'connecting'
  }

  /** The host's answer to `connectPeer`. */
  peerConnected(now: Millis, id: number): void {
    const connection = this.#byId.get(id)
    if (connection?.state !== 'connecting' || connection.connect === null) return
    connection.state = 'waiting'
    this.#waitFrom(now, connection)
    const { connect } = connection
    this.#responder.succeed(connect, connect.request, (response) => response.add(ConnectionId, id))
  }

  /** RFC 6062 §5.3: a peer has connected to a relay. The number of its connection; `null`: it shall be closed. */
  peerArrived(now: Millis, relay: number, { family, address, port }: TransportAddress): number | null {
    const allocation = this.#allocations.ofRelay(relay)
    if (allocation?.transport !== 'tcp' || !allocation.peers.isPermitted(now, address)) return null
    if (this.#siblingsOf(allocation).length >= this.#perAllocation) return null
    const peer = { family, address, port }
    const { id } = this.#add(now, allocation, peer, null)
    const transactionId = new Uint8Array(12)
    this.#crypto.randomFill(transactionId)
    const indication = new MessageBuilder(Method.connectionAttempt, MessageClass.indication, transactionId)
    indication.add(ConnectionId, id).add(XorPeerAddress, peer)
    this.#host.transmit(allocation.listener, allocation.client, indication.build())
    return id
  }

  /** RFC 6062 §5.4: the connection that this request came over shall be joined to a peer's. */
  bind(applicant: Applicant, message: StunMessage): StatusCode | null {
    const { listener, client, username, request } = applicant
    const id = message.get(ConnectionId)
    const connection = id === undefined ? undefined : this.#byId.get(id)
    if (connection?.state !== 'waiting' || this.#host.isStream?.(listener) !== true)
      return StatusCode.badRequest
    if (connection.allocation.username !== username) return StatusCode.wrongCredentials
    // A control connection cannot become a data connection.
    if (this.#allocations.ofClient(listener, client) !== undefined) return StatusCode.badRequest
    connection.state = 'bound'
    connection.expiresAt = Millis(Infinity)
    this.#waiting.delete(connection.id)
    this.#responder.succeed(applicant, request, () => undefined)
    this.#host.joinPeer?.(connection.id, listener, client)
    return null
  }

  /** The host could not connect, or one of the two sides has ended: what is left of it is closed. */
  ended(id: number): void {
    const connection = this.#byId.get(id)
    if (connection === undefined) return
    this.#remove(connection)
    this.#refuseConnect(connection)
  }

  /** The allocation is no more, nor are its connections (RFC 6062 §5.5). */
  drop(allocation: Allocation): void {
    for (const connection of this.#siblingsOf(allocation)) {
      this.#remove(connection)
      this.#host.closePeer?.(connection.id)
    }
  }

  /** The allocation of a connection that exists. */
  allocationOf(id: number): Allocation | undefined {
    return this.#byId.get(id)?.allocation
  }

  handleTimeout(now: Millis): void {
    for (const connection of [...this.#waiting.values()]) {
      if (connection.expiresAt > now) return
      this.#remove(connection)
      this.#host.closePeer?.(connection.id)
      this.#refuseConnect(connection)
    }
  }

  #refuseConnect({ state, connect }: PeerConnection): void {
    if (state === 'connecting' && connect !== null)
      this.#responder.refuse(connect, connect.request, StatusCode.connectionTimeoutOrFailure)
  }

  #siblingsOf(allocation: Allocation): PeerConnection[] {
    return [...(this.#ofAllocation.get(allocation) ?? [])]
  }

  #add(
    now: Millis,
    allocation: Allocation,
    peer: TransportAddress,
    connect: Applicant | null,
  ): PeerConnection {
    const connection: PeerConnection = {
      id: this.#drawId(),
      allocation,
      peer,
      connect,
      state: connect === null ? 'waiting' : 'connecting',
      expiresAt: now,
    }
    this.#byId.set(connection.id, connection)
    this.#ofAllocation.set(allocation, (this.#ofAllocation.get(allocation) ?? new Set()).add(connection))
    this.#waitFrom(now, connection)
    return connection
  }

  #waitFrom(now: Millis, connection: PeerConnection): void {
    connection.expiresAt = Millis(now + PATIENCE)
    this.#waiting.delete(connection.id)
    this.#waiting.set(connection.id, connection)
  }

  #remove(connection: PeerConnection): void {
    const { id, allocation } = connection
    this.#byId.delete(id)
    this.#waiting.delete(id)
    const siblings = this.#ofAllocation.get(allocation)
    siblings?.delete(connection)
    if (siblings?.size === 0) this.#ofAllocation.delete(allocation)
  }

  /** Whoever guesses the number of a connection would still need its user's password; random all the same. */
  #drawId(): number {
    const bytes = new Uint8Array(4)
    for (;;) {
      this.#crypto.randomFill(bytes)
      const id = new DataView(bytes.buffer).getUint32(0)
      if (!this.#byId.has(id)) return id
    }
  }
}

/** RFC 6062 §5.2 and §5.4: 30 seconds for the peer to accept, and as many for the client's ConnectionBind. */
const PATIENCE = 30_000
