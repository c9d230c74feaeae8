import type { Millis } from '@purertc/bytes'
import {
  AttributeType,
  Data,
  Icmp,
  type IcmpValue,
  type IpFamily,
  MessageBuilder,
  MessageClass,
  Method,
  type StunMessage,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { ChannelDataWriter, channelNumberOf, channelPayload, hasWholeChannelData } from '../channel-data.ts'
import { MAX_DATA } from '../limits.ts'
import type { Allocation, Traffic } from './allocation.ts'
import type { Allocations } from './allocations.ts'
import type { Relaying, TurnServerConfig, TurnServerDiscard, TurnServerHost } from './config.ts'
import { type RateMeters, rateMeters } from './rate-limit.ts'

/** What is relayed, and what is not: each function tells why a datagram went no further, `null` where it did. */
export class DataPlane {
  readonly #config: TurnServerConfig
  readonly #host: TurnServerHost
  readonly #allocations: Allocations
  readonly #relayReceived: RelayReceived
  readonly #channelData = new ChannelDataWriter()
  readonly #indicationId = new Uint8Array(12)
  readonly #meters: RateMeters | null
  readonly #relayed = { toPeers: { datagrams: 0, bytes: 0 }, toClient: { datagrams: 0, bytes: 0 } }

  /** `relayReceived` takes what one relay sends to another, as though the system had brought it. */
  constructor(
    config: TurnServerConfig,
    host: TurnServerHost,
    allocations: Allocations,
    relayReceived: RelayReceived,
  ) {
    this.#relayReceived = relayReceived
    this.#config = config
    this.#host = host
    this.#allocations = allocations
    this.#meters = rateMeters(config.totalLimits)
  }

  /** Since the server began. */
  get relayed(): { readonly toPeers: Readonly<Traffic>; readonly toClient: Readonly<Traffic> } {
    return this.#relayed
  }

  /** RFC 8656 §12.6. A channel needs no permission toward the peer, and refreshes none. */
  relayChannelData(now: Millis, listener: number, client: TransportAddress, datagram: Uint8Array): Discarded {
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation === undefined) return 'no-allocation'
    if (allocation.mobility !== null) this.#allocations.heardFrom(allocation, listener, client)
    if (!hasWholeChannelData(datagram)) return 'malformed'
    const channel = allocation.peers.channel(now, channelNumberOf(datagram))
    if (channel === undefined) return 'no-channel'
    return this.#relayToPeer(now, allocation, channel.peer, channelPayload(datagram))
  }

  /** Send indication, RFC 8656 §11.2. */
  relayIndication(now: Millis, listener: number, client: TransportAddress, message: StunMessage): Discarded {
    const allocation = this.#allocations.ofClient(listener, client)
    if (allocation === undefined || allocation.transport === 'tcp') return 'no-allocation'
    if (allocation.mobility !== null) this.#allocations.heardFrom(allocation, listener, client)
    const peer = message.get(XorPeerAddress)
    const data = message.get(Data)
    if (peer === undefined || peer.port === 0 || data === undefined) return 'malformed'
    if (message.unknownComprehensionRequired(SEND_ATTRIBUTES).length > 0) return 'unexpected'
    if (!allocation.peers.isPermitted(now, peer.address)) return 'no-permission'
    return this.#relayToPeer(now, allocation, peer, data)
  }

  /** RFC 8656 §11.3 and §12.7. */
  relayToClient(now: Millis, relay: number, peer: TransportAddress, data: Uint8Array): Discarded {
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

  /** RFC 8656 §11.5: tells a client of an ICMP error for what it sent, if it is of a kind that means something to it. */
  icmpReceived(now: Millis, relay: number, peer: TransportAddress, icmp: IcmpValue): void {
    const allocation = this.#allocations.ofRelay(relay)
    if (allocation === undefined || !allocation.peers.isPermitted(now, peer.address)) return
    if (!ICMP_TYPES[peer.family].has(icmp.type)) return
    this.#config.crypto.randomFill(this.#indicationId)
    const indication = new MessageBuilder(Method.data, MessageClass.indication, this.#indicationId)
    indication.add(XorPeerAddress, peer).add(Icmp, icmp)
    this.#host.transmit(allocation.listener, allocation.client, indication.build())
  }

  /** RFC 6062: bytes of a joined connection, which wait where datagrams would be dropped. Milliseconds to wait. */
  countStream(now: Millis, allocation: Allocation, direction: Relaying['direction'], bytes: number): number {
    const way = direction === 'to-peer' ? 'toPeers' : 'toClient'
    allocation[way].bytes += bytes
    this.#relayed[way].bytes += bytes
    const ofUser = allocation.meters?.[way].delay(now, bytes) ?? 0
    return Math.max(ofUser, this.#meters?.[way].delay(now, bytes) ?? 0)
  }

  #relayToPeer(now: Millis, allocation: Allocation, peer: TransportAddress, data: Uint8Array): Discarded {
    if (this.#config.beforeRelay?.({ allocation, peer, direction: 'to-peer' }, data) === false)
      return 'vetoed'
    const { length } = data
    if (allocation.meters?.toPeers.take(now, length) === false) return 'over-limit'
    if (this.#meters?.toPeers.take(now, length) === false) return 'over-limit'
    count(allocation.toPeers, length)
    count(this.#relayed.toPeers, length)
    const { additional } = allocation
    const from = additional !== null && additional.relayed.family === peer.family ? additional : allocation
    // Two clients of one server: nothing outside has to carry what comes back here.
    const neighbour = this.#allocations.relayAt(peer)
    if (neighbour === undefined) this.#host.relay(from.relay, peer, data)
    else this.#relayReceived(now, neighbour, from.relayed, data)
    return null
  }

  #dataIndication(peer: TransportAddress, data: Uint8Array): Uint8Array {
    this.#config.crypto.randomFill(this.#indicationId)
    return new MessageBuilder(Method.data, MessageClass.indication, this.#indicationId)
      .add(XorPeerAddress, peer)
      .add(Data, data)
      .build()
  }
}

type RelayReceived = (now: Millis, relay: number, peer: TransportAddress, data: Uint8Array) => void

/** Why a datagram went no further, `null` where it did. */
type Discarded = TurnServerDiscard | null

function count(traffic: Traffic, bytes: number): void {
  traffic.datagrams++
  traffic.bytes += bytes
}

/** What a Send indication may hold; one with anything else that must be understood is dropped (RFC 8489 §6.3.2). */
const SEND_ATTRIBUTES: ReadonlySet<number> = new Set<number>([
  AttributeType.xorPeerAddress,
  AttributeType.data,
])

/** RFC 8656 §11.5: unreachable and time exceeded; of ICMPv6 also "packet too big". */
const ICMP_TYPES: Record<IpFamily, ReadonlySet<number>> = { IPv4: new Set([3, 11]), IPv6: new Set([1, 2, 3]) }
