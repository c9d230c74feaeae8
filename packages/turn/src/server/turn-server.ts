import { Counters, Millis } from '@purertc/bytes'
import {
  type IcmpValue,
  isStunDatagram,
  MessageClass,
  Method,
  type StatusCode,
  StunMessage,
  type TransportAddress,
} from '@purertc/stun'

import { looksLikeChannelData } from '../channel-data.ts'
import type { AllocationInfo, Traffic } from './allocation.ts'
import { Allocations } from './allocations.ts'
import { BindingService } from './binding-service.ts'
import {
  checkConfig,
  type Passwords,
  type Relaying,
  type TurnServerConfig,
  type TurnServerDiscard,
  type TurnServerHost,
} from './config.ts'
import { ControlPlane } from './control-plane.ts'
import { DataPlane } from './data-plane.ts'
import { type Metric, serverMetrics } from './metrics.ts'
import { DEFAULT_PORT_RANGE } from './port-pool.ts'
import type { RateLimits } from './rate-limit.ts'
import { RelayPorts } from './relay-ports.ts'
import { Responder } from './responder.ts'

/**
 * A TURN server, RFC 8656, that also answers Binding requests (RFC 8489). A machine without a socket or a clock:
 * the host owns listeners, where clients come in, and opens a relay for every allocation, where peers come in.
 *
 * @example
 * const server = new TurnServer({ crypto: nodeCrypto, realm: 'example.org', authenticate: (name) => passwords.get(name)
 * ?? null }, {
 *   transmit: (listener, client, bytes) => listeners[listener].send(client, bytes),
 *   relay: (relay, peer, bytes) => relays.get(relay).send(peer, bytes),
 *   openRelay: (relay, family, port) => bind(family, port).then((address) => server.relayOpened(now(), relay, address)),
 *   closeRelay: (relay) => relays.get(relay).close(),
 * })
 * listeners[0].onmessage = (from, bytes) => server.handleDatagram(now(), 0, from, bytes)
 */
export class TurnServer {
  /** What was dropped, by reason. */
  readonly discarded: Counters<TurnServerDiscard> = new Counters()
  readonly #host: TurnServerHost
  readonly #ports: RelayPorts
  readonly #allocations: Allocations
  readonly #responder: Responder
  readonly #control: ControlPlane
  readonly #data: DataPlane
  readonly #binding: BindingService
  #isClosed = false

  /** Throws `TurnError` `invalid-config` for numbers that make no sense. */
  constructor(config: TurnServerConfig, host: TurnServerHost) {
    checkConfig(config)
    this.#host = host
    this.#ports = new RelayPorts(
      config.crypto,
      config.families ?? ['IPv4'],
      config.portRange ?? DEFAULT_PORT_RANGE,
    )
    const limits = {
      perUser: config.allocationsPerUser ?? 100,
      total: config.maxAllocations ?? Infinity,
      permissions: config.permissionsPerAllocation ?? 256,
      account: config.account ?? ((username: string) => username),
      rates: ratesOf(config.userLimits),
    }
    this.#allocations = new Allocations(config.crypto, limits, this.#ports)
    this.#responder = new Responder(config.crypto, config.software, (listener, client, bytes) =>
      host.transmit(listener, client, bytes),
    )
    this.#binding = new BindingService(config, host, this.#responder)
    this.#control = new ControlPlane(config, host, this.#allocations, this.#responder)
    this.#data = new DataPlane(config, host, this.#allocations, (now, relay, peer, data) =>
      this.relayReceived(now, relay, peer, data),
    )
  }

  /** The allocations that there are. */
  get allocations(): readonly AllocationInfo[] {
    return [...this.#allocations.values()]
  }

  /** Answers by kind: `success`, or the error code. */
  get answered(): Counters<'success' | `${number}`> {
    return this.#responder.answered
  }

  /** What the server holds for its clients, all of it bounded by what they may hold: for monitoring. */
  get load(): {
    readonly allocations: number
    readonly opening: number
    readonly users: number
    readonly ports: number
    /** Requests that wait for a password. */
    readonly waiting: number
    /** TCP connections with peers. */
    readonly connections: number
  } {
    const { size, openings, userCount } = this.#allocations
    const { gatekeeper, connections } = this.#control
    return {
      allocations: size,
      opening: openings.size,
      users: userCount,
      ports: this.#ports.inUse,
      waiting: gatekeeper.waiting,
      connections: connections.size,
    }
  }

  /** What was relayed since the server began. */
  get relayed(): { readonly toPeers: Readonly<Traffic>; readonly toClient: Readonly<Traffic> } {
    return this.#data.relayed
  }

  /** The figures of the server, see {@link formatMetrics}. */
  metrics(): Metric[] {
    return serverMetrics(this)
  }

  get nextTimeout(): Millis {
    const { connections } = this.#control
    return Millis(Math.min(this.#allocations.nextTimeout, this.#ports.nextTimeout, connections.nextTimeout))
  }

  handleTimeout(now: Millis): void {
    this.#ports.handleTimeout(now)
    this.#control.connections.handleTimeout(now)
    for (;;) {
      const expired = this.#allocations.nextExpired(now)
      if (expired === undefined) return
      this.#control.delete(expired, 'expired')
    }
  }

  /** A datagram from a client, or from whoever else sends to a listener. */
  handleDatagram(now: Millis, listener: number, client: TransportAddress, datagram: Uint8Array): void {
    if (this.#isClosed) return
    if (this.#allocations.nextTimeout <= now) this.handleTimeout(now)
    const reason = looksLikeChannelData(datagram)
      ? this.#data.relayChannelData(now, listener, client, datagram)
      : this.#receiveStun(now, listener, client, datagram)
    if (reason !== null) this.#discard(reason, client, datagram, this.#allocations.ofClient(listener, client))
  }

  /** A datagram from a peer, or from whoever else sends to a relayed address. */
  relayReceived(now: Millis, relay: number, peer: TransportAddress, data: Uint8Array): void {
    if (this.#allocations.nextTimeout <= now) this.handleTimeout(now)
    const reason = this.#data.relayToClient(now, relay, peer, data)
    if (reason !== null) this.#discard(reason, peer, data, this.#allocations.ofRelay(relay))
  }

  /**
   * An ICMP error for what the relay sent to a peer, where the host can know of one: its client is told (RFC 8656 §11.5).
   * Types that mean nothing to a client are not passed on. Node's UDP sockets report none.
   */
  icmpReceived(now: Millis, relay: number, peer: TransportAddress, icmp: IcmpValue): void {
    this.#data.icmpReceived(now, relay, peer, icmp)
  }

  /** The host's answer to `claimPlace`: null, or the code that the client is refused with, 486 or 508. */
  placeClaimed(place: number, refusal: StatusCode | null): void {
    this.#control.opener.placeClaimed(place, refusal)
  }

  /** The relay is open. `relayed` is the address that its client is told, and its peers send to. */
  relayOpened(now: Millis, relay: number, relayed: TransportAddress): void {
    this.#control.opener.relayOpened(now, relay, relayed)
  }

  /** The relay could not be opened on that port; another one is tried, or the client is refused. */
  relayFailed(now: Millis, relay: number): void {
    this.#control.opener.relayFailed(now, relay)
  }

  /** The host's answer to `lookUpPassword`; `undefined` where it cannot tell, and who waits shall ask again. */
  passwordFound(now: Millis, username: string, password: Passwords | undefined): void {
    if (password === undefined) this.#control.gatekeeper.passwordNotFound(username)
    else this.#control.gatekeeper.passwordFound(now, username, password)
  }

  /** RFC 6062: whether anybody still waits for the host to connect to that peer. */
  isConnecting(connection: number): boolean {
    return this.#control.connections.isConnecting(connection)
  }

  /** RFC 6062: the host has connected to a peer as `connectPeer` asked it to. */
  peerConnected(now: Millis, connection: number): void {
    this.#control.connections.peerConnected(now, connection)
  }

  /**
   * RFC 6062: a peer has connected to a relay. The number that its connection has from now on, for which the host keeps it
   * unread until `joinPeer`; `null` where it is to be closed.
   */
  peerArrived(now: Millis, relay: number, peer: TransportAddress): number | null {
    return this.#control.connections.peerArrived(now, relay, peer)
  }

  /** RFC 6062: a connection with a peer could not be made, or has ended on either side. */
  peerEnded(connection: number): void {
    this.#control.connections.ended(connection)
  }

  /**
   * RFC 6062: so much has come over a joined connection, and is counted and limited like datagrams. Milliseconds that the
   * host shall wait before it reads more from there; 0 for none.
   */
  peerRelayed(now: Millis, connection: number, direction: Relaying['direction'], bytes: number): number {
    const allocation = this.#control.connections.allocationOf(connection)
    return allocation === undefined ? 0 : this.#data.countStream(now, allocation, direction, bytes)
  }

  /**
   * From now on new allocations are refused: with 300 and the one of `alternates` that is of the client's family, or with
   * 508. Those that there are go on, and may be refreshed.
   */
  drain(alternates: readonly TransportAddress[] = []): void {
    this.#control.opener.drain(alternates)
  }

  /** Whether the client has an allocation, or one that is being made. */
  isServed(listener: number, client: TransportAddress): boolean {
    return (
      this.#allocations.ofClient(listener, client) !== undefined ||
      this.#allocations.openings.ofClient(listener, client) !== undefined
    )
  }

  /** The connection that the client used is no more, where its listener has connections: neither is its allocation. */
  disconnected(listener: number, client: TransportAddress): void {
    const opening = this.#allocations.openings.ofClient(listener, client)
    if (opening !== undefined) this.#control.opener.abandon(opening)
    const allocation = this.#allocations.ofClient(listener, client)
    // A mobile client comes again from elsewhere (RFC 8016 §3.1).
    if (allocation?.mobility === null) this.#control.delete(allocation, 'disconnected')
  }

  /** The listener is no more: its clients' allocations end. */
  listenerClosed(listener: number): void {
    this.#binding.listenerClosed(listener)
    const { openings } = this.#allocations
    for (const opening of openings.ofListener(listener)) this.#control.opener.abandon(opening)
    for (const allocation of this.#allocations.ofListener(listener))
      this.#control.delete(allocation, 'closed')
  }

  /** Ends an allocation by the operator's will. False where there is none of that number. */
  release(relay: number): boolean {
    const allocation = this.#allocations.ofRelay(relay)
    if (allocation === undefined) return false
    this.#control.delete(allocation, 'closed')
    return true
  }

  /** Ends all allocations. Their clients are not told: there is no message for that. */
  close(): void {
    this.#isClosed = true
    this.#control.gatekeeper.close()
    for (const opening of [...this.#allocations.openings.values()]) this.#control.opener.abandon(opening)
    this.#ports.handleTimeout(Millis(Infinity))
    for (const allocation of [...this.#allocations.values()]) this.#control.delete(allocation, 'closed')
  }

  #receiveStun(now: Millis, listener: number, client: TransportAddress, datagram: Uint8Array): Discarded {
    const message = isStunDatagram(datagram) ? StunMessage.decode(datagram) : null
    if (message === null) return 'malformed'
    if (message.class === MessageClass.indication && message.method === Method.send)
      return this.#data.relayIndication(now, listener, client, message)
    if (message.class !== MessageClass.request) return 'unexpected'
    if (message.method !== Method.binding) return this.#control.handleRequest(now, listener, client, message)
    this.#binding.handleRequest(now, listener, client, message)
    return null
  }

  #discard(
    reason: TurnServerDiscard,
    from: TransportAddress,
    bytes: Uint8Array,
    allocation: AllocationInfo | undefined,
  ): void {
    this.discarded.count(reason)
    this.#host.discarded?.(reason, from, bytes.length, allocation ?? null)
  }
}

function ratesOf(limits: TurnServerConfig['userLimits']): (account: string) => RateLimits | undefined {
  return typeof limits === 'function' ? limits : () => limits
}

/** Why a datagram went no further, `null` where it did. */
type Discarded = TurnServerDiscard | null
