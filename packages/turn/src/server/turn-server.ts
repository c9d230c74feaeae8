import { Counters, Millis } from '@purertc/bytes'
import {
  AttributeType,
  Data,
  Icmp,
  type IcmpValue,
  type IpFamily,
  isStunDatagram,
  MessageBuilder,
  MessageClass,
  Method,
  StunMessage,
  StunServer,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import {
  ChannelDataWriter,
  channelNumberOf,
  channelPayload,
  hasWholeChannelData,
  looksLikeChannelData,
} from '../channel-data.ts'
import { MAX_DATA } from '../limits.ts'
import type { Allocation, AllocationInfo, Traffic } from './allocation.ts'
import { Allocations } from './allocations.ts'
import { checkConfig, type TurnServerConfig, type TurnServerDiscard, type TurnServerHost } from './config.ts'
import { ControlPlane } from './control-plane.ts'
import { type Metric, serverMetrics } from './metrics.ts'
import { DEFAULT_PORT_RANGE } from './port-pool.ts'
import { type RateLimits, type RateMeters, rateMeters } from './rate-limit.ts'
import { RelayPorts } from './relay-ports.ts'
import { Responder } from './responder.ts'

/**
 * A TURN server, RFC 8656, that also answers Binding requests (RFC 8489). A machine without a socket or a clock:
 * the host owns listeners, where clients come in, and opens a relay for every allocation, where peers come in.
 *
 * @example
 * const server = new TurnServer({ crypto: nodeCrypto, realm: 'example.org', authenticate: (name) => passwords.get(name) ?? null }, {
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
  readonly #config: TurnServerConfig
  readonly #host: TurnServerHost
  readonly #ports: RelayPorts
  readonly #allocations: Allocations
  readonly #responder: Responder
  readonly #control: ControlPlane
  /** One a listener, for answers leave from where the request came to. */
  readonly #binding = new Map<number, StunServer>()
  readonly #channelData = new ChannelDataWriter()
  readonly #indicationId = new Uint8Array(12)
  readonly #meters: RateMeters | null
  readonly #relayed = { toPeers: { datagrams: 0, bytes: 0 }, toClient: { datagrams: 0, bytes: 0 } }
  #isClosed = false

  /** Throws `TurnError` `invalid-config` for numbers that make no sense. */
  constructor(config: TurnServerConfig, host: TurnServerHost) {
    checkConfig(config)
    this.#config = config
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
    this.#meters = rateMeters(config.totalLimits)
    this.#allocations = new Allocations(limits, this.#ports)
    this.#responder = new Responder(config.crypto, config.software, (listener, client, bytes) =>
      host.transmit(listener, client, bytes),
    )
    this.#control = new ControlPlane(config, host, this.#allocations, this.#responder)
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
  } {
    const { size, openingCount, userCount } = this.#allocations
    const { waiting } = this.#control
    return { allocations: size, opening: openingCount, users: userCount, ports: this.#ports.inUse, waiting }
  }

  /** What was relayed since the server began. */
  get relayed(): { readonly toPeers: Readonly<Traffic>; readonly toClient: Readonly<Traffic> } {
    return this.#relayed
  }

  /** The figures of the server, see {@link formatMetrics}. */
  metrics(): Metric[] {
    return serverMetrics(this)
  }

  get nextTimeout(): Millis {
    return Millis(Math.min(this.#allocations.nextTimeout, this.#ports.nextTimeout))
  }

  handleTimeout(now: Millis): void {
    this.#ports.handleTimeout(now)
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
      ? this.#relayChannelData(now, listener, client, datagram)
      : this.#receiveStun(now, listener, client, datagram)
    if (reason !== null) this.#discard(reason, client, datagram, this.#allocations.ofClient(listener, client))
  }

  /** A datagram from a peer, or from whoever else sends to a relayed address. */
  relayReceived(now: Millis, relay: number, peer: TransportAddress, data: Uint8Array): void {
    if (this.#allocations.nextTimeout <= now) this.handleTimeout(now)
    const reason = this.#relayToClient(now, relay, peer, data)
    if (reason !== null) this.#discard(reason, peer, data, this.#allocations.ofRelay(relay))
  }

  /**
   * An ICMP error for what the relay sent to a peer, where the host can know of one: its client is told (RFC 8656 §11.5).
   * Types that mean nothing to a client are not passed on. Node's UDP sockets report none.
   */
  icmpReceived(now: Millis, relay: number, peer: TransportAddress, icmp: IcmpValue): void {
    const allocation = this.#allocations.ofRelay(relay)
    if (allocation === undefined || !allocation.peers.isPermitted(now, peer.address)) return
    if (!ICMP_TYPES[peer.family].has(icmp.type)) return
    this.#config.crypto.randomFill(this.#indicationId)
    const indication = new MessageBuilder(Method.data, MessageClass.indication, this.#indicationId)
    indication.add(XorPeerAddress, peer).add(Icmp, icmp)
    this.#host.transmit(allocation.listener, allocation.client, indication.build())
  }

  /** The relay is open. `relayed` is the address that its client is told, and its peers send to. */
  relayOpened(now: Millis, relay: number, relayed: TransportAddress): void {
    this.#control.relayOpened(now, relay, relayed)
  }

  /** The relay could not be opened on that port; another one is tried, or the client is refused. */
  relayFailed(now: Millis, relay: number): void {
    this.#control.relayFailed(now, relay)
  }

  /** The host's answer to `lookUpPassword`; `undefined` where it cannot tell, and who waits shall ask again. */
  passwordFound(now: Millis, username: string, password: string | null | undefined): void {
    if (password === undefined) this.#control.passwordNotFound(username)
    else this.#control.passwordFound(now, username, password)
  }

  /** From now on new allocations are refused (508); those that there are go on, and may be refreshed. */
  drain(): void {
    this.#control.drain()
  }

  /** Whether the client has an allocation, or one that is being made. */
  isServed(listener: number, client: TransportAddress): boolean {
    return (
      this.#allocations.ofClient(listener, client) !== undefined ||
      this.#allocations.openingOfClient(listener, client) !== undefined
    )
  }

  /** The connection that the client used is no more, where its listener has connections: neither is its allocation. */
  disconnected(listener: number, client: TransportAddress): void {
    const opening = this.#allocations.openingOfClient(listener, client)
    if (opening !== undefined) this.#control.abandon(opening)
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation !== undefined) this.#control.delete(allocation, 'disconnected')
  }

  /** The listener is no more: its clients' allocations end. */
  listenerClosed(listener: number): void {
    this.#binding.delete(listener)
    const { allocations, openings } = this.#allocations.ofListener(listener)
    for (const opening of openings) this.#control.abandon(opening)
    for (const allocation of allocations) this.#control.delete(allocation, 'closed')
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
    this.#control.close()
    for (const opening of [...this.#allocations.openings()]) this.#control.abandon(opening)
    this.#ports.handleTimeout(Millis(Infinity))
    for (const allocation of [...this.#allocations.values()]) this.#control.delete(allocation, 'closed')
  }

  #receiveStun(now: Millis, listener: number, client: TransportAddress, datagram: Uint8Array): Discarded {
    const message = isStunDatagram(datagram) ? StunMessage.decode(datagram) : null
    if (message === null) return 'malformed'
    if (message.class === MessageClass.indication && message.method === Method.send)
      return this.#relayIndication(now, listener, client, message)
    if (message.class !== MessageClass.request) return 'unexpected'
    if (message.method !== Method.binding) return this.#control.handleRequest(now, listener, client, message)
    this.#bindingServer(listener).handleMessage(now, client, ANY, message)
    return null
  }

  /** RFC 8656 §12.6. A channel needs no permission toward the peer, and refreshes none. */
  #relayChannelData(
    now: Millis,
    listener: number,
    client: TransportAddress,
    datagram: Uint8Array,
  ): Discarded {
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation === undefined) return 'no-allocation'
    if (!hasWholeChannelData(datagram)) return 'malformed'
    const channel = allocation.peers.channel(now, channelNumberOf(datagram))
    if (channel === undefined) return 'no-channel'
    return this.#relayToPeer(now, allocation, channel.peer, channelPayload(datagram))
  }

  /** Send indication, RFC 8656 §11.2. */
  #relayIndication(now: Millis, listener: number, client: TransportAddress, message: StunMessage): Discarded {
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation === undefined) return 'no-allocation'
    const peer = message.get(XorPeerAddress)
    const data = message.get(Data)
    if (peer === undefined || peer.port === 0 || data === undefined) return 'malformed'
    if (message.unknownComprehensionRequired(SEND_ATTRIBUTES).length > 0) return 'unexpected'
    if (!allocation.peers.isPermitted(now, peer.address)) return 'no-permission'
    return this.#relayToPeer(now, allocation, peer, data)
  }

  #relayToPeer(now: Millis, allocation: Allocation, peer: TransportAddress, data: Uint8Array): Discarded {
    if (this.#config.beforeRelay?.({ allocation, peer, direction: 'to-peer' }, data) === false)
      return 'vetoed'
    const { length } = data
    if (allocation.meters?.toPeers.take(now, length) === false) return 'over-limit'
    if (this.#meters?.toPeers.take(now, length) === false) return 'over-limit'
    count(allocation.toPeers, length)
    count(this.#relayed.toPeers, length)
    const { additional, relay } = allocation
    const isOther = additional !== null && additional.relayed.family === peer.family
    this.#host.relay(isOther ? additional.relay : relay, peer, data)
    return null
  }

  /** RFC 8656 §11.3 and §12.7. */
  #relayToClient(now: Millis, relay: number, peer: TransportAddress, data: Uint8Array): Discarded {
    const allocation = this.#allocations.ofRelay(relay)
    if (allocation === undefined) return 'no-allocation'
    const entry = allocation.peers.peer(peer.address)
    if (entry === undefined || entry.permittedUntil <= now) return 'no-permission'
    if (data.length > MAX_DATA) return 'too-large'
    if (this.#config.beforeRelay?.({ allocation, peer, direction: 'to-client' }, data) === false)
      return 'vetoed'
    const { length } = data
    if (allocation.meters?.toClient.take(now, length) === false) return 'over-limit'
    if (this.#meters?.toClient.take(now, length) === false) return 'over-limit'
    count(allocation.toClient, length)
    count(this.#relayed.toClient, length)
    const channel = entry.channels.get(peer.port)
    const bytes =
      channel !== undefined && channel.expiresAt > now
        ? this.#channelData.frame(channel.number, data)
        : this.#dataIndication(peer, data)
    this.#host.transmit(allocation.listener, allocation.client, bytes)
    return null
  }

  #discard(
    reason: TurnServerDiscard,
    from: TransportAddress,
    bytes: Uint8Array,
    allocation: Allocation | undefined,
  ): void {
    this.discarded.count(reason)
    this.#host.discarded?.(reason, from, bytes.length, allocation ?? null)
  }

  #dataIndication(peer: TransportAddress, data: Uint8Array): Uint8Array {
    this.#config.crypto.randomFill(this.#indicationId)
    return new MessageBuilder(Method.data, MessageClass.indication, this.#indicationId)
      .add(XorPeerAddress, peer)
      .add(Data, data)
      .build()
  }

  #bindingServer(listener: number): StunServer {
    let server = this.#binding.get(listener)
    if (server === undefined) {
      const { crypto, software } = this.#config
      server = new StunServer(software === undefined ? { crypto } : { crypto, software }, {
        transmit: (to, bytes) => this.#host.transmit(listener, to, bytes),
        answering: (_client, code) => {
          this.#responder.answered.count(code === null ? 'success' : `${code}`)
          return true
        },
      })
      this.#binding.set(listener, server)
    }
    return server
  }
}

function count(traffic: Traffic, bytes: number): void {
  traffic.datagrams++
  traffic.bytes += bytes
}

function ratesOf(limits: TurnServerConfig['userLimits']): (account: string) => RateLimits | undefined {
  return typeof limits === 'function' ? limits : () => limits
}

/** Why a datagram went no further, `null` where it did. */
type Discarded = TurnServerDiscard | null

/** What a Send indication may hold; one with anything else that must be understood is dropped (RFC 8489 §6.3.2). */
const SEND_ATTRIBUTES: ReadonlySet<number> = new Set<number>([
  AttributeType.xorPeerAddress,
  AttributeType.data,
])

/** RFC 8656 §11.5: unreachable and time exceeded; of ICMPv6 also "packet too big". */
const ICMP_TYPES: Record<IpFamily, ReadonlySet<number>> = { IPv4: new Set([3, 11]), IPv6: new Set([1, 2, 3]) }

/** A Binding server is told the address that a request came to, and hands it back: ours are told apart by number. */
const ANY: TransportAddress = { family: 'IPv4', address: '0.0.0.0', port: 0 }
