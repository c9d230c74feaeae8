import { Counters, Millis } from '@purertc/bytes'
import {
  IceAgent,
  type IceConnectionState,
  type IceCredentials,
  type IceServerAddress,
  type LocalSocket,
  parseCandidate,
} from '@purertc/ice'
import { type DataChannel, type DataChannelOptions, DataChannels } from '@purertc/sctp'
import type { TransportAddress } from '@purertc/stun'

import { DtlsTransport } from './dtls-transport.ts'
import { defaultPathLimit, ipAndUdp } from './path-limit.ts'
import type { PeerTransportConfig, TransportAgreement } from './peer-transport-config.ts'
import type { PeerTransportHost } from './peer-transport-host.ts'
import { sctpFailure, TransportError } from './transport-error.ts'
import {
  iceStatistics,
  sctpStatistics,
  type TransportDiscard,
  type TransportStatistics,
} from './transport-statistics.ts'

/**
 * The transport of one peer, sans IO: ICE finds a path, DTLS secures it, and SCTP data channels or bare datagrams ride
 * on it. It has no socket, clock or timer: a driver hands in datagrams and the time.
 *
 * @example
 * const transport = new PeerTransport({ crypto, iceRole: 'controlling' }, host)
 * transport.gather(now, sockets)
 * transport.start(now, agreement)
 * transport.handleDatagram(now, socket.id, from, bytes)
 * if (transport.nextTimeout <= now) transport.handleTimeout(now)
 */
export class PeerTransport {
  /** What was of no use though it came over a proven path, or was signalled. */
  readonly discarded: Counters<TransportDiscard> = new Counters()
  readonly #config: Required<PeerTransportConfig>
  readonly #host: PeerTransportHost
  readonly #ice: IceAgent
  readonly #dtls: DtlsTransport
  #channels: DataChannels | null = null
  /** Neither data nor news come any more. */
  #isOver = false
  #isShuttingDown = false
  #isClosed = false
  /** How often {@link PeerTransport.cork} was called without its `uncork`. */
  #corks = 0
  #now: Millis = Millis(0)

  constructor(config: PeerTransportConfig, host: PeerTransportHost) {
    const maxMtu = config.mtu ?? largestDatagram
    this.#config = {
      policy: 'all',
      mtu: 1_200,
      maxMtu,
      maxMessageSize: 262_144,
      deliverParts: false,
      dtls: {},
      ice: {},
      ...config,
    }
    this.#host = host
    this.#dtls = this.#createDtls()
    this.#ice = this.#createIce()
  }

  // The wiring: from the network up through ICE, the demultiplexer, DTLS and SCTP, and down again.

  #createIce(): IceAgent {
    const { crypto, iceRole, policy, ice } = this.#config
    const { lite = false, continualGathering = false } = ice
    const { embedding } = this.#dtls
    return new IceAgent(
      {
        crypto,
        role: iceRole,
        policy,
        lite,
        continualGathering,
        ...(embedding !== null && { dtlsInStun: embedding }),
      },
      {
        ...this.#host,
        stateChanged: (state) => this.#iceChanged(state),
        pairSelected: (pair) => {
          this.#channels?.association.pathChanged(this.#largestPacket, this.#isPathLocal)
          this.#host.pairSelected(pair)
        },
        received: (now, datagram) => {
          this.#now = now
          this.#dtls.handleDatagram(now, datagram)
        },
      },
    )
  }

  #createDtls(): DtlsTransport {
    return new DtlsTransport(
      this.#config,
      {
        activePair: () => this.#ice.activePair,
        transmit: (now, datagram) => this.#ice.send(now, datagram),
        stateChanged: (state) => this.#host.dtlsStateChanged(state),
        secured: (session) => this.#host.secured(session),
        ready: (now) => this.#begin(now),
        received: (now, data) => {
          this.#now = now
          if (this.#channels === null) this.#host.datagramReceived(now, data)
          else this.#channels.handlePacket(now, data)
        },
        closed: (reason) => this.#end(reason),
      },
      this.discarded,
    )
  }

  #createChannels(agreement: TransportAgreement): DataChannels {
    const { crypto, mtu, maxMessageSize, deliverParts } = this.#config
    return new DataChannels(
      {
        crypto,
        dtlsRole: agreement.dtlsRole,
        mtu: mtu - DTLS_OVERHEAD,
        maxMtu: this.#largestPacket,
        largeChunks: this.#isPathLocal,
        packetOverhead: DTLS_OVERHEAD + ipAndUdp(this.#ice.activePair?.remote.address ?? ''),
        maxMessageSize,
        deliverParts,
        remotePort: agreement.remoteSctpPort ?? 5_000,
        remoteMaxMessageSize: agreement.remoteMaxMessageSize ?? 65_536,
        exchangedInits: agreement.exchangedInits ?? null,
      },
      {
        ...this.#host,
        transmit: (packet) => {
          if (this.#dtls.isConnected) this.#dtls.send(this.#now, packet)
        },
        associationConnected: () => this.#host.connected(),
        // With the association all channels are over, which is one piece of news and not many.
        channelClosed: (channel) => {
          if (this.#channels?.state !== 'closed') this.#host.channelClosed(channel)
        },
        associationClosed: (reason) => this.#end(this.#isShuttingDown ? null : sctpFailure(reason)),
      },
    )
  }

  /** What the peer must be told; others after {@link PeerTransport.restart}. */
  get localCredentials(): IceCredentials {
    return this.#ice.localCredentials
  }

  get statistics(): TransportStatistics {
    const ice = this.#ice
    const { embedding, state, role, session } = this.#dtls
    const association = this.#channels?.association
    return {
      ice: { ...iceStatistics(ice), dtlsInStun: embedding?.statistics ?? null },
      dtls: { state, role, session },
      sctp: association === undefined ? null : sctpStatistics(association),
      discarded: {
        transport: this.discarded.snapshot(),
        ice: ice.discarded.snapshot(),
        dtls: this.#dtls.discarded,
        sctp: this.#channels?.discarded ?? {},
      },
    }
  }

  /** Finds candidates on these sockets. With `awaitsServers` gathering goes on until {@link PeerTransport.setServers}. */
  gather(
    now: Millis,
    sockets: readonly LocalSocket[],
    options: { readonly awaitsServers?: boolean } = {},
  ): void {
    this.#now = now
    this.#ice.gather(now, sockets, options)
  }

  setServers(now: Millis, servers: readonly IceServerAddress[]): void {
    this.#now = now
    this.#ice.setServers(now, servers)
  }

  /** Both descriptions are known: checks begin, and DTLS once one succeeds. Called again after a later agreement. */
  start(now: Millis, agreement: TransportAgreement): void {
    this.#now = now
    const { remoteIsLite: isLite = false, iceOptions = [] } = agreement
    if (this.#dtls.role === null) {
      if (agreement.mode === 'datachannel') this.#channels = this.#createChannels(agreement)
      if (this.#corks > 0) this.#channels?.cork()
      this.#dtls.start(now, agreement)
    }
    const renomination = iceOptions.includes('renomination')
    this.#ice.setRemoteCredentials(now, agreement.remoteCredentials, { isLite, renomination })
    this.#dtls.proceed(now)
  }

  /** A candidate line of the peer's, `''` after the last one. What cannot be used is counted. */
  addRemoteCandidate(now: Millis, line: string): void {
    this.#now = now
    const candidate = line === '' ? null : parseCandidate(line)
    if (line !== '' && candidate === null) this.discarded.count('unusable-candidate')
    else this.#ice.addRemoteCandidate(now, candidate)
  }

  /** Begins a new ICE session, which the next agreement completes; data goes on over the old path. */
  restart(now: Millis, credentials: IceCredentials): void {
    this.#now = now
    this.#ice.restart(now, this.#ice.role, credentials)
  }

  /** A datagram that came to one of the sockets; borrowed. Nothing in it can make this throw. */
  handleDatagram(now: Millis, socket: number, from: TransportAddress, bytes: Uint8Array): void {
    this.#now = now
    this.#ice.handleDatagram(now, socket, from, bytes)
  }

  /** What the host of ICE's sockets has to say to the agent: what came over streams, names that were resolved. */
  withIce(now: Millis, command: (ice: IceAgent) => void): void {
    this.#now = now
    command(this.#ice)
  }

  get nextTimeout(): Millis {
    const channels = this.#channels?.nextTimeout ?? Infinity
    return Millis(Math.min(this.#ice.nextTimeout, this.#dtls.nextTimeout, channels))
  }

  handleTimeout(now: Millis): void {
    this.#now = now
    if (this.#ice.nextTimeout <= now) this.#ice.handleTimeout(now)
    if (this.#dtls.nextTimeout <= now) this.#dtls.handleTimeout(now)
    if (this.#channels !== null && this.#channels.nextTimeout <= now) this.#channels.handleTimeout(now)
  }

  /**
   * Opens a channel; it is `open` at once where the association stands, else `host.opened` follows. Throws
   * `SctpError` `closed` or `invalid-channel`, {@link TransportError} `not-started` before a start in mode
   * `datachannel`.
   */
  openChannel(now: Millis, options: DataChannelOptions): DataChannel {
    this.#now = now
    return this.#requireChannels().open(now, options)
  }

  /** Sends a message; it is copied. Throws `SctpError` `invalid-channel`, `message-too-large`, `send-buffer-full`. */
  send(now: Millis, channel: DataChannel, data: Uint8Array, isText: boolean): void {
    this.#now = now
    this.#requireChannels().send(now, channel, data, isText)
  }

  /** What else there is to do with data channels. Throws as they do, and {@link TransportError} `not-started`. */
  withChannels<T>(now: Millis, command: (channels: DataChannels) => T): T {
    this.#now = now
    return command(this.#requireChannels())
  }

  /** Holds the channel's messages back, so that the peer slows down, until {@link PeerTransport.resumeChannel}. */
  pauseChannel(channel: DataChannel): void {
    if (!this.#isOver) this.#requireChannels().pause(channel)
  }

  resumeChannel(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (!this.#isOver) this.#requireChannels().resume(now, channel)
  }

  /** Closes a channel when all that is queued on it has been sent; `host.channelClosed` follows. */
  closeChannel(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (!this.#isOver) this.#requireChannels().close(now, channel)
  }

  /** Whether the peer gets on with one SACK for many packets: this stack does, werift's stalls, of others who knows. */
  get isBatchWelcome(): boolean {
    return (this.#channels?.association.peerLargestPacket ?? 0) > 0
  }

  /**
   * From here on packets of data channels wait, until `uncork` (once for each): small messages share them, and what
   * came in meanwhile is acknowledged at once. The end of the link does not wait.
   */
  cork(): void {
    if (++this.#corks === 1) this.#channels?.cork()
  }

  uncork(now: Millis): void {
    this.#now = now
    if (this.#corks > 0 && --this.#corks === 0) this.#channels?.uncork(now)
  }

  /** Mode `datagram`: sends one message as one record. Throws as {@link DtlsTransport.send}. */
  sendDatagram(now: Millis, data: Uint8Array): void {
    this.#now = now
    this.#dtls.send(now, data)
  }

  /** Ends the link when all that is queued has arrived; `host.closed(null)` follows, and then `close()` is due. */
  shutdown(now: Millis): void {
    this.#now = now
    if (this.#isOver || this.#isShuttingDown) return
    this.#isShuttingDown = true
    if (this.#channels === null) this.#end(null)
    else this.#channels.shutdown(now)
  }

  /**
   * Ends everything at once, from the top down so that each layer still reaches the peer: ABORT, close_notify, ICE. The
   * host hears nothing more but `transmit` and `released`, for TURN allocations are given back.
   */
  close(now: Millis): void {
    this.#now = now
    this.#isOver = true
    this.#isClosed = true
    this.#pullCork()
    this.#channels?.abort(now, 'closed')
    this.#dtls.close(now)
    this.#ice.close(now)
  }

  #iceChanged(state: IceConnectionState): void {
    if (this.#isClosed) return
    this.#host.iceStateChanged(state)
    this.#dtls.proceed(this.#now)
  }

  #begin(now: Millis): void {
    if (this.#isOver) return
    this.#now = now
    if (this.#channels === null) this.#host.connected()
    else this.#channels.connect(now)
  }

  /** SCTP or DTLS is over, and with it the other; null where this end wanted it so. */
  #end(reason: TransportError | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#pullCork()
    this.#channels?.abort(this.#now, 'closed')
    this.#dtls.end(this.#now)
    this.#host.closed(reason)
  }

  /** What waits leaves now, for there is no later. */
  #pullCork(): void {
    if (this.#corks > 0) this.#channels?.uncork(this.#now)
    this.#corks = 0
  }

  /** Bytes of UDP payload that leave in one piece over the present path. */
  get #pathLimit(): number {
    const pair = this.#ice.activePair
    return pair === null ? this.#config.mtu : (this.#host.pathLimit?.(pair) ?? defaultPathLimit(pair))
  }

  /** Only within one machine does the largest datagram leave in one piece. */
  get #isPathLocal(): boolean {
    return this.#pathLimit >= LOOPBACK_LIMIT
  }

  /** Bytes of SCTP packet that may be searched for over the present path. */
  get #largestPacket(): number {
    const { mtu, maxMtu } = this.#config
    return Math.min(Math.max(mtu, Math.min(maxMtu, this.#pathLimit)) - DTLS_OVERHEAD, LARGEST_RECORD)
  }

  #requireChannels(): DataChannels {
    if (this.#channels === null) throw new TransportError('not-started', 'there are no data channels yet')
    return this.#channels
  }
}

/** Header, explicit nonce and tag of an AES-GCM record, rounded up so that SCTP's packets are multiples of 4. */
const DTLS_OVERHEAD = 40

/** Bytes of content, RFC 6347 §4.1. */
const LARGEST_RECORD = 16_384
/** Bytes of UDP payload over loopback, IPv6 header taken off. */
const LOOPBACK_LIMIT = 65_487
/** Bytes of the largest DTLS datagram that one record makes. */
export const largestDatagram: number = LARGEST_RECORD + DTLS_OVERHEAD
