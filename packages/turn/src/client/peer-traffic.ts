import { type Counters, Millis } from '@purertc/bytes'
import {
  ChannelNumber,
  ConnectionId,
  Data,
  DontFragment,
  Icmp,
  isIpAddress,
  MessageBuilder,
  MessageClass,
  Method,
  StatusCode,
  type StunMessage,
  type TransportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { ChannelDataWriter, channelNumberOf, channelPayload, hasWholeChannelData } from '../channel-data.ts'
import { MAX_DATA } from '../limits.ts'
import { isSilence, TurnError } from '../turn-error.ts'
import type { TurnClientConfig, TurnClientDiscard, TurnClientHost } from './config.ts'
import { type Channel, copyAddress, Peers, type Permission } from './peers.ts'
import type { TurnRequests } from './turn-requests.ts'

/**
 * All that passes between an allocation and its peers: permissions (RFC 8656 §10), indications (§11) and channels
 * (§12). It begins when the allocation is there, and ends with `close`.
 */
export class PeerTraffic {
  readonly #config: TurnClientConfig
  readonly #host: TurnClientHost
  readonly #requests: TurnRequests
  readonly #discarded: Counters<TurnClientDiscard>
  readonly #lost: (error: TurnError) => void
  readonly #peers = new Peers()
  readonly #channelData = new ChannelDataWriter()
  #pendingBytes = 0
  #isOpen = true

  /** `lost` is told when the server says that the allocation is gone. */
  constructor(
    config: TurnClientConfig,
    host: TurnClientHost,
    requests: TurnRequests,
    discarded: Counters<TurnClientDiscard>,
    lost: (error: TurnError) => void,
  ) {
    this.#config = config
    this.#host = host
    this.#requests = requests
    this.#discarded = discarded
    this.#lost = lost
  }

  get nextTimeout(): Millis {
    return this.#peers.nextTimeout
  }

  send(now: Millis, peer: TransportAddress, data: Uint8Array): void {
    if (this.#config.transport === 'tcp') throw new TurnError('invalid-state', 'no allocation of UDP')
    if (data.length > MAX_DATA) throw new TurnError('too-large', `${data.length} bytes fit no datagram`)
    const permission = this.#permissionFor(peer)
    if (permission.state === 'installed') {
      this.#sendPermitted(now, permission, peer, data)
    } else if (permission.state === 'refused') {
      this.#discarded.count('refused')
    } else {
      this.#keepWaiting(permission, peer, data)
      if (permission.state === 'wanted') this.#requestPermission(now, permission)
    }
  }

  createPermission(now: Millis, peer: TransportAddress): void {
    const permission = this.#permissionFor(peer)
    if (permission.state === 'wanted') this.#requestPermission(now, permission)
  }

  bindChannel(now: Millis, peer: TransportAddress): void {
    const permission = this.#permissionFor(peer)
    const channel =
      permission.channels.get(peer.port) ?? this.#peers.addChannel(permission, checkedPeer(peer))
    if (channel?.state === 'wanted') this.#requestChannel(now, permission, channel)
  }

  /** RFC 6062 §4.3. */
  connect(now: Millis, peer: TransportAddress): void {
    if (this.#config.transport !== 'tcp') throw new TurnError('invalid-state', 'no allocation of TCP')
    const to = copyAddress(checkedPeer(peer))
    this.#requests.start(now, {
      method: Method.connect,
      peer: to,
      write: (message) => void message.add(XorPeerAddress, to),
      succeeded: (_at, response) => {
        const connection = response.get(ConnectionId)
        if (connection !== undefined) this.#host.peerConnected?.(to, connection)
        else this.#host.peerRefused?.(to, new TurnError('malformed', 'an answer without CONNECTION-ID'))
      },
      failed: (_at, error) => {
        if (isAllocationLost(error)) this.#lost(error)
        else this.#host.peerRefused?.(to, error)
      },
    })
  }

  /** RFC 6062 §4.4. Nobody signs it: what comes from a peer that we never asked for is not heard. */
  receiveAttempt(now: Millis, message: StunMessage): void {
    const peer = message.get(XorPeerAddress)
    const connection = message.get(ConnectionId)
    if (peer === undefined || connection === undefined) this.#discarded.count('malformed')
    else if (!this.#peers.isPermitted(now, peer.address)) this.#discarded.count('no-permission')
    else this.#host.connectionAttempted?.(peer, connection)
  }

  /** RFC 8016 §3.2.2: until it is heard from our new address, the server sends to the former one. */
  announceMove(now: Millis): void {
    const permission = this.#peers.anyInstalled()
    if (permission !== undefined) this.#requestPermission(now, permission)
  }

  receiveChannelData(now: Millis, datagram: Uint8Array): void {
    const channel = hasWholeChannelData(datagram) ? this.#peers.channel(channelNumberOf(datagram)) : undefined
    // The server binds before we hear of it, so a channel that we asked for is as good as a bound one.
    if (channel === undefined || channel.state === 'wanted' || channel.state === 'refused')
      this.#discarded.count('unknown-channel')
    else if (!this.#peers.isPermitted(now, channel.peer.address)) this.#discarded.count('no-permission')
    else this.#host.received(now, channel.peer, channelPayload(datagram))
  }

  /** RFC 8656 §11.4: nobody signs indications, so what comes from a peer that we never asked for is not heard. */
  receiveDataIndication(now: Millis, message: StunMessage): void {
    const peer = message.get(XorPeerAddress)
    const data = message.get(Data)
    const icmp = message.get(Icmp)
    if (peer === undefined || (data === undefined && icmp === undefined)) this.#discarded.count('malformed')
    else if (!this.#peers.isPermitted(now, peer.address)) this.#discarded.count('no-permission')
    else if (icmp !== undefined) this.#host.icmpReceived?.(peer, icmp)
    else if (data !== undefined) this.#host.received(now, peer, data)
  }

  /** Refreshes what is due. */
  handleTimeout(now: Millis): void {
    if (this.#peers.nextTimeout > now) return
    const { permissions, channels } = this.#peers.due(now)
    for (const permission of permissions) this.#requestPermission(now, permission)
    for (const channel of channels) this.#requestChannel(now, this.#permissionFor(channel.peer), channel)
  }

  close(): void {
    this.#isOpen = false
    this.#pendingBytes = 0
    this.#peers.clear()
  }

  #requestPermission(now: Millis, permission: Permission): void {
    if (!this.#isOpen) return
    if (permission.state === 'wanted') permission.state = 'requested'
    this.#requests.start(now, {
      method: Method.createPermission,
      peer: permission.peer,
      write: (message) => void message.add(XorPeerAddress, permission.peer),
      succeeded: (at) => this.#permitted(at, permission),
      failed: (at, error) => this.#permissionFailed(at, permission, error),
    })
  }

  #requestChannel(now: Millis, permission: Permission, channel: Channel): void {
    if (!this.#isOpen) return
    if (channel.state === 'wanted') channel.state = 'requested'
    this.#requests.start(now, {
      method: Method.channelBind,
      peer: channel.peer,
      write: (message) => {
        message.add(ChannelNumber, channel.number).add(XorPeerAddress, channel.peer)
      },
      succeeded: (at) => {
        this.#peers.bind(at, channel)
        this.#permitted(at, permission)
      },
      failed: (at, error) => this.#channelFailed(at, channel, error),
    })
  }

  #permitted(now: Millis, permission: Permission): void {
    this.#peers.install(now, permission)
    const { waiting } = permission
    permission.waiting = []
    for (const { data } of waiting) this.#pendingBytes -= data.length
    for (const { peer, data } of waiting) this.#sendPermitted(now, permission, peer, data)
  }

  #permissionFailed(now: Millis, permission: Permission, error: TurnError): void {
    if (isAllocationLost(error)) {
      this.#lost(error)
      return
    }
    if (isSilence(error) && permission.state === 'installed') {
      this.#peers.refreshAgain(now, permission)
      return
    }
    const { waiting } = permission
    permission.waiting = []
    for (const { data } of waiting) this.#pendingBytes -= data.length
    if (waiting.length > 0) this.#discarded.count('refused', waiting.length)
    if (isSilence(error)) {
      permission.state = 'wanted'
      return
    }
    this.#peers.refuse(now, permission)
    this.#host.peerRefused?.(permission.peer, error)
  }

  #channelFailed(now: Millis, channel: Channel, error: TurnError): void {
    if (isAllocationLost(error)) {
      this.#lost(error)
    } else if (!isSilence(error)) {
      this.#peers.refuse(now, channel)
      this.#host.peerRefused?.(channel.peer, error)
    } else if (channel.state === 'bound') {
      this.#peers.refreshAgain(now, channel)
    } else {
      channel.state = 'wanted'
    }
  }

  #sendPermitted(now: Millis, permission: Permission, peer: TransportAddress, data: Uint8Array): void {
    if (!this.#isOpen) return
    const channel = permission.channels.get(peer.port)
    if (channel?.state === 'bound') {
      this.#host.transmit(this.#channelData.frame(channel.number, data))
      return
    }
    // Only a Send indication can say DONT-FRAGMENT.
    const wantsChannels = this.#config.channels !== 'manual' && this.#config.dontFragment !== true
    const shallBind = channel === undefined ? wantsChannels : channel.state === 'wanted'
    if (shallBind) this.bindChannel(now, peer)
    this.#host.transmit(this.#sendIndication(checkedPeer(peer), data))
  }

  /** RFC 8656 §11.1. */
  #sendIndication(peer: TransportAddress, data: Uint8Array): Uint8Array {
    const id = this.#requests.newTransactionId()
    return new MessageBuilder(Method.send, MessageClass.indication, id)
      .addIf(DontFragment, this.#config.dontFragment === true ? true : undefined)
      .add(XorPeerAddress, peer)
      .add(Data, data)
      .build()
  }

  #keepWaiting(permission: Permission, peer: TransportAddress, data: Uint8Array): void {
    if (this.#pendingBytes + data.length > (this.#config.maxPendingBytes ?? DEFAULT_PENDING_BYTES)) {
      this.#discarded.count('queue-full')
      return
    }
    this.#pendingBytes += data.length
    permission.waiting.push({ peer: copyAddress(checkedPeer(peer)), data: Uint8Array.from(data) })
  }

  #permissionFor(peer: TransportAddress): Permission {
    return this.#peers.permissionFor(peer.address) ?? this.#peers.addPermission(checkedPeer(peer))
  }
}

function checkedPeer(peer: TransportAddress): TransportAddress {
  const { address, port } = peer
  if (isIpAddress(address) === null || !Number.isInteger(port) || port < 0 || port > 0xffff)
    throw new TurnError('invalid-peer', `${address}:${port} is no transport address`)
  return peer
}

/** Answers after which no request can succeed: the allocation is not there, or not ours. */
function isAllocationLost({ code }: TurnError): boolean {
  return code === StatusCode.allocationMismatch || code === StatusCode.wrongCredentials
}

const DEFAULT_PENDING_BYTES = 65_536
