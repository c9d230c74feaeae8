import { copyBytes, Counters, Deadlines, Millis } from '@purertc/bytes'
import {
  type AuthenticatedMessage,
  isStunDatagram,
  Lifetime,
  MessageClass,
  Method,
  MobilityTicket,
  StatusCode,
  StunMessage,
  type TransportAddress,
} from '@purertc/stun'

import { looksLikeChannelData } from '../channel-data.ts'
import { DEFAULT_LIFETIME } from '../limits.ts'
import { isSilence, TurnError } from '../turn-error.ts'
import { type AllocationAnswer, readAllocationAnswer } from './allocation-answer.ts'
import { checkPort, writeAllocationRequest } from './allocation-request.ts'
import type { TurnClientConfig, TurnClientDiscard, TurnClientHost, TurnClientState } from './config.ts'
import { DataConnection, type DataConnectionHost } from './data-connection.ts'
import { PeerTraffic } from './peer-traffic.ts'
import { TurnRequests } from './turn-requests.ts'

/**
 * A client of one allocation, RFC 8656: it gets a relayed address from a TURN server, keeps it, and exchanges data with
 * peers over it. A machine without a socket or a clock: the host calls `handleDatagram`, and `handleTimeout` when
 * `nextTimeout` has come.
 *
 * A peer's first data waits for its permission, goes out in Send indications while its channel is bound, and in
 * ChannelData from then on. Allocation, permissions and channels are refreshed for as long as the client lives.
 *
 * @example
 * const client = new TurnClient({ crypto: nodeCrypto, server, username: 'ann', password: 'secret' }, {
 *   transmit: (bytes) => socket.send(bytes, server.port, server.address),
 *   allocated: (relayed) => client.send(monotonicNow(), peer, hello),
 *   received: (now, peer, bytes) => print(formatAddress(peer), bytes),
 *   failed: (error) => print(error.code),
 *   closed: () => socket.close(),
 * })
 * client.allocate(monotonicNow())
 */
export class TurnClient {
  /** What was dropped, by reason. */
  readonly discarded: Counters<TurnClientDiscard>
  readonly #config: TurnClientConfig
  readonly #host: TurnClientHost
  readonly #requests: TurnRequests
  readonly #traffic: PeerTraffic
  readonly #deadlines = new Deadlines(2)
  #state: TurnClientState = 'new'
  #allocation: AllocationAnswer | null = null
  /** What lets us move, RFC 8016. */
  #ticket: Uint8Array | null = null

  /**
   * Throws {@link TurnError} `invalid-config` for a lifetime that is no number of seconds, or a token with a port or
   * family.
   */
  constructor(config: TurnClientConfig, host: TurnClientHost) {
    const { lifetime = DEFAULT_LIFETIME } = config
    if (!Number.isInteger(lifetime) || lifetime <= 0 || lifetime > 0xffff_ffff)
      throw new TurnError('invalid-config', `a lifetime of ${lifetime} seconds`)
    checkPort(config)
    this.#config = config
    this.#host = host
    this.discarded = new Counters()
    this.#requests = new TurnRequests(config, this.discarded, {
      transmit: (bytes) => host.transmit(bytes),
      answered: ({ method, peer }, error) => host.answered?.({ method, peer, error }),
    })
    this.#traffic = new PeerTraffic(config, host, this.#requests, this.discarded, (error) =>
      this.#fail(error),
    )
  }

  get state(): TurnClientState {
    return this.#state
  }

  /** Where peers reach us, null without an allocation. */
  get relayedAddress(): TransportAddress | null {
    return this.#allocation?.relayed ?? null
  }

  /** Where the server sees us, null without an allocation. */
  get mappedAddress(): TransportAddress | null {
    return this.#allocation?.mapped ?? null
  }

  /** Where IPv6 peers reach us, with `family: 'both'`; null where the server gave no such address. */
  get additionalAddress(): TransportAddress | null {
    return this.#allocation?.additional ?? null
  }

  /** With `port: 'pair'`, what the next client asks for the next port with; good for 30 seconds. */
  get reservationToken(): Uint8Array | null {
    return this.#allocation?.reservationToken ?? null
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#requests.nextTimeout, this.#traffic.nextTimeout, this.#deadlines.earliest))
  }

  /** Asks for an allocation, RFC 8656 §7.1. Throws {@link TurnError} `invalid-state` when called again. */
  allocate(now: Millis): void {
    if (this.#state !== 'new')
      throw new TurnError('invalid-state', `a client that is ${this.#state} cannot allocate`)
    this.#state = 'allocating'
    this.#requestAllocation(now, this.#config.mobility === true)
  }

  #requestAllocation(now: Millis, isMobile: boolean): void {
    this.#requests.start(now, {
      method: Method.allocate,
      write: (message) => writeAllocationRequest(message, this.#config, isMobile),
      succeeded: (at, response) => this.#allocated(at, response),
      // RFC 8016 §3.1: without moving, then.
      failed: (at, error) => {
        if (isMobile && error.code === StatusCode.mobilityForbidden) this.#requestAllocation(at, false)
        else this.#fail(error)
      },
    })
  }

  /**
   * Sends data to a peer. Throws {@link TurnError} `not-allocated` before there is an allocation, `invalid-peer`,
   * or `too-large` for more than 65,455 bytes; after the allocation has ended, data is dropped and counted.
   */
  send(now: Millis, peer: TransportAddress, data: Uint8Array): void {
    if (!this.#isUsable()) {
      this.discarded.count('not-allocated')
      return
    }
    this.#traffic.send(now, peer, data)
  }

  /** Lets the peer's address reach us, whatever its port: RFC 8656 §10. Throws as {@link TurnClient.send} does. */
  createPermission(now: Millis, peer: TransportAddress): void {
    if (this.#isUsable()) this.#traffic.createPermission(now, peer)
  }

  /** Binds a channel to the peer, which is a permission too: RFC 8656 §12. Throws as {@link TurnClient.send} does. */
  bindChannel(now: Millis, peer: TransportAddress): void {
    if (this.#isUsable()) this.#traffic.bindChannel(now, peer)
  }

  /**
   * Connects to a peer from a TCP allocation (RFC 6062 §4.3); `peerConnected` or `peerRefused` follows. Throws as
   * {@link TurnClient.send} does.
   */
  connect(now: Millis, peer: TransportAddress): void {
    if (this.#isUsable()) this.#traffic.connect(now, peer)
  }

  /** The beginning of a connection that leads to a peer, for the number that the host was told (RFC 6062 §4.3). */
  dataConnection(connection: number, host: DataConnectionHost): DataConnection {
    return new DataConnection(this.#requests, connection, host)
  }

  /** Whether the server lets us {@link TurnClient.move} (RFC 8016). */
  get isMobile(): boolean {
    return this.#ticket !== null
  }

  /**
   * Keeps the allocation although our address has changed (RFC 8016): to be called when `transmit` sends by the new way.
   * Throws {@link TurnError} `invalid-state` where the server does not let us.
   */
  move(now: Millis): void {
    if (this.#ticket === null) throw new TurnError('invalid-state', 'an allocation that cannot move')
    this.#refresh(now, this.#ticket)
  }

  /** A datagram from the server's address. False where it is not for this client: not TURN, or not our transaction. */
  handleDatagram(now: Millis, datagram: Uint8Array): boolean {
    if (this.#state === 'closed' || this.#state === 'failed') return false
    if (looksLikeChannelData(datagram)) {
      this.#traffic.receiveChannelData(now, datagram)
      return true
    }
    const message = isStunDatagram(datagram) ? StunMessage.decode(datagram) : null
    if (message === null || message.class === MessageClass.request) return false
    if (message.class !== MessageClass.indication) return this.#requests.handleResponse(now, message)
    if (message.method === Method.data) this.#traffic.receiveDataIndication(now, message)
    else if (message.method === Method.connectionAttempt) this.#traffic.receiveAttempt(now, message)
    else return false
    return true
  }

  handleTimeout(now: Millis): void {
    this.#requests.handleTimeout(now)
    if (this.#deadlines.take(Timer.expiry, now)) {
      this.#fail(new TurnError('timeout', 'the allocation expired before the server answered a refresh'))
      return
    }
    if (this.#deadlines.take(Timer.refresh, now)) this.#refresh(now)
    this.#traffic.handleTimeout(now)
  }

  /** Gives the allocation back (RFC 8656 §8.1); `closed` follows with the server's answer, or without one in 1.5 s. */
  close(now: Millis): void {
    if (this.#state === 'closing' || this.#state === 'closed') return
    const mayExist = this.#state === 'allocated' || (this.#state === 'allocating' && this.#requests.hasKey)
    this.#forgetAll()
    if (!mayExist) {
      this.#state = 'closed'
      this.#host.closed()
      return
    }
    this.#state = 'closing'
    this.#requestRelease(now, () => {
      this.#state = 'closed'
      this.#host.closed()
    })
  }

  /** Whatever the answer to this, 437 included (RFC 8656 §8.3), there is nothing left to be done. */
  #requestRelease(now: Millis, done: () => void): void {
    this.#requests.start(now, {
      method: Method.refresh,
      write: (message) => void message.add(Lifetime, 0),
      succeeded: done,
      failed: done,
      isBrief: true,
    })
  }

  /** RFC 8656 §7.3. */
  #allocated(now: Millis, response: AuthenticatedMessage): void {
    const answer = readAllocationAnswer(response, this.#config)
    if (answer instanceof TurnError) {
      this.#requestRelease(now, () => undefined)
      this.#fail(answer)
      return
    }
    this.#state = 'allocated'
    this.#allocation = answer
    this.#ticket = answer.ticket
    this.#keepAlive(now, answer.lifetime)
    this.#host.allocated(answer.relayed, answer.mapped)
  }

  #keepAlive(now: Millis, lifetime: number): void {
    this.#deadlines.arm(Timer.expiry, Millis(now + 1000 * lifetime))
    this.#deadlines.arm(Timer.refresh, Millis(now + 1000 * Math.max(lifetime - 60, lifetime / 2)))
  }

  /** With a ticket, from another address than before. */
  #refresh(now: Millis, ticket?: Uint8Array): void {
    this.#requests.start(now, {
      method: Method.refresh,
      write: (message) => {
        message.addIf(MobilityTicket, ticket).addIf(Lifetime, this.#config.lifetime)
      },
      succeeded: (at, response) => {
        const lifetime = response.get(Lifetime) ?? 0
        const next = response.get(MobilityTicket)
        if (next !== undefined) this.#ticket = copyBytes(next)
        if (lifetime > 0) this.#keepAlive(at, lifetime)
        if (lifetime > 0 && ticket !== undefined) this.#traffic.announceMove(at)
        if (lifetime === 0)
          this.#fail(new TurnError('malformed', 'a Refresh success response without a lifetime'))
      },
      // Silence may end before the allocation does; any other answer means that it is gone (RFC 8656 §8.3).
      failed: (at, error) => {
        if (!isSilence(error)) this.#fail(error)
        else if (ticket !== undefined) this.#refresh(at, ticket)
        else this.#deadlines.arm(Timer.refresh, at)
      },
    })
  }

  #isUsable(): boolean {
    if (this.#state === 'new' || this.#state === 'allocating')
      throw new TurnError('not-allocated', 'there is no allocation yet')
    return this.#state === 'allocated'
  }

  #fail(error: TurnError): void {
    this.#forgetAll()
    this.#state = 'failed'
    this.#host.failed(error)
  }

  #forgetAll(): void {
    this.#requests.clear()
    this.#traffic.close()
    this.#deadlines.disarmAll()
    this.#allocation = null
    this.#ticket = null
  }
}

const Timer = { refresh: 0, expiry: 1 } as const
