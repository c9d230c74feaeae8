import { Counters, Millis } from '@purertc/bytes'
import type {
  IceAgent,
  IceConnectionState,
  IceCredentials,
  IceServerAddress,
  LocalSocket,
} from '@purertc/ice'
import type { DataChannel, DataChannelOptions, DataChannels } from '@purertc/sctp'
import type { TransportAddress } from '@purertc/stun'

import { DtlsTransport } from './dtls-transport.ts'
import { addCandidateLine, createIceAgent, startIce } from './ice-transport.ts'
import { type PeerTransportConfig, type TransportAgreement, withDefaults } from './peer-transport-config.ts'
import type { PeerTransportHost } from './peer-transport-host.ts'
import { SctpTransport } from './sctp-transport.ts'
import type { TransportError } from './transport-error.ts'
import { iceStatistics, type TransportDiscard, type TransportStatistics } from './transport-statistics.ts'

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
  readonly #sctp: SctpTransport
  /** Neither data nor news come any more. */
  #isOver = false
  #isShuttingDown = false
  #isClosed = false
  #now: Millis = Millis(0)

  constructor(config: PeerTransportConfig, host: PeerTransportHost) {
    this.#config = withDefaults(config)
    this.#host = host
    this.#dtls = this.#createDtls()
    this.#sctp = this.#createSctp()
    this.#ice = this.#createIce()
  }

  // The wiring: from the network up through ICE, the demultiplexer, DTLS and SCTP, and down again.

  #createIce(): IceAgent {
    return createIceAgent(this.#config, this.#dtls.embedding, {
      ...this.#host,
      stateChanged: (state) => this.#iceChanged(state),
      pairSelected: (pair) => {
        this.#sctp.pathChanged()
        this.#host.pairSelected(pair)
      },
      received: (now, datagram) => {
        this.#now = now
        this.#dtls.handleDatagram(now, datagram)
      },
    })
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
          const { channels } = this.#sctp
          if (channels === null) this.#host.datagramReceived(now, data)
          else channels.handlePacket(now, data)
        },
        closed: (reason) => this.#end(reason),
      },
      this.discarded,
    )
  }

  #createSctp(): SctpTransport {
    return new SctpTransport(this.#config, this.#host, {
      activePair: () => this.#ice.activePair,
      transmit: (packet, more) => {
        if (this.#dtls.isConnected) this.#dtls.send(this.#now, packet, more)
      },
      closed: (failure) => this.#end(this.#isShuttingDown ? null : failure),
    })
  }

  /** What the peer must be told; others after {@link PeerTransport.restart}. */
  get localCredentials(): IceCredentials {
    return this.#ice.localCredentials
  }

  get statistics(): TransportStatistics {
    const ice = this.#ice
    const { embedding, state, role, session } = this.#dtls
    return {
      ice: { ...iceStatistics(ice), dtlsInStun: embedding?.statistics ?? null },
      dtls: { state, role, session },
      sctp: this.#sctp.statistics,
      discarded: {
        transport: this.discarded.snapshot(),
        ice: ice.discarded.snapshot(),
        dtls: this.#dtls.discarded,
        sctp: this.#sctp.channels?.discarded ?? {},
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
    if (this.#dtls.role === null) {
      if (agreement.mode === 'datachannel') this.#sctp.start(agreement)
      this.#dtls.start(now, agreement)
    }
    startIce(this.#ice, now, agreement)
    this.#dtls.proceed(now)
  }

  /** A candidate line of the peer's, `''` after the last one. What cannot be used is counted. */
  addRemoteCandidate(now: Millis, line: string): void {
    this.#now = now
    if (!addCandidateLine(this.#ice, now, line)) this.discarded.count('unusable-candidate')
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
    return Millis(Math.min(this.#ice.nextTimeout, this.#dtls.nextTimeout, this.#sctp.nextTimeout))
  }

  handleTimeout(now: Millis): void {
    this.#now = now
    if (this.#ice.nextTimeout <= now) this.#ice.handleTimeout(now)
    if (this.#dtls.nextTimeout <= now) this.#dtls.handleTimeout(now)
    this.#sctp.handleTimeout(now)
  }

  /**
   * Opens a channel; it is `open` at once where the association stands, else `host.opened` follows. Throws
   * `SctpError` `closed` or `invalid-channel`, {@link TransportError} `not-started` before a start in mode
   * `datachannel`.
   */
  openChannel(now: Millis, options: DataChannelOptions): DataChannel {
    this.#now = now
    return this.#sctp.startedChannels.open(now, options)
  }

  /** Sends a message; it is copied. Throws `SctpError` `invalid-channel`, `message-too-large`, `send-buffer-full`. */
  send(now: Millis, channel: DataChannel, data: Uint8Array, isText: boolean): void {
    this.#now = now
    this.#sctp.startedChannels.send(now, channel, data, isText)
    this.#host.sent?.()
  }

  /** What else there is to do with data channels. Throws as they do, and {@link TransportError} `not-started`. */
  withChannels<T>(now: Millis, command: (channels: DataChannels) => T): T {
    this.#now = now
    return command(this.#sctp.startedChannels)
  }

  /** Holds the channel's messages back, so that the peer slows down, until {@link PeerTransport.resumeChannel}. */
  pauseChannel(channel: DataChannel): void {
    if (!this.#isOver) this.#sctp.startedChannels.pause(channel)
  }

  resumeChannel(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (!this.#isOver) this.#sctp.startedChannels.resume(now, channel)
  }

  /** Closes a channel when all that is queued on it has been sent; `host.channelClosed` follows. */
  closeChannel(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (!this.#isOver) this.#sctp.startedChannels.close(now, channel)
  }

  /** As {@link SctpTransport.isBatchWelcome}. */
  get isBatchWelcome(): boolean {
    return this.#sctp.isBatchWelcome
  }

  /**
   * From here on packets of data channels wait, until `uncork` (once for each): small messages share them, and what
   * came in meanwhile is acknowledged at once. The end of the link does not wait.
   */
  cork(): void {
    this.#sctp.cork()
  }

  uncork(now: Millis): void {
    this.#now = now
    this.#sctp.uncork(now)
  }

  /** Mode `datagram`: sends one message as one record. Throws as {@link DtlsTransport.send}. */
  sendDatagram(now: Millis, data: Uint8Array): void {
    this.#now = now
    this.#dtls.send(now, data)
    this.#host.sent?.()
  }

  /** Ends the link when all that is queued has arrived; `host.closed(null)` follows, and then `close()` is due. */
  shutdown(now: Millis): void {
    this.#now = now
    if (this.#isOver || this.#isShuttingDown) return
    this.#isShuttingDown = true
    const { channels } = this.#sctp
    if (channels === null) this.#end(null)
    else channels.shutdown(now)
  }

  /**
   * Ends everything at once, from the top down so that each layer still reaches the peer: ABORT, close_notify, ICE. The
   * host hears nothing more but `transmit` and `released`, for TURN allocations are given back.
   */
  close(now: Millis): void {
    this.#now = now
    this.#isOver = true
    this.#isClosed = true
    this.#sctp.abort(now)
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
    const { channels } = this.#sctp
    if (channels === null) this.#host.connected()
    else channels.connect(now, this.#dtls.isSecond ? PATIENCE : 0)
  }

  /** SCTP or DTLS is over, and with it the other; null where this end wanted it so. */
  #end(reason: TransportError | null): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#sctp.abort(this.#now)
    this.#dtls.end(this.#now)
    this.#host.closed(reason)
  }
}

/** Milliseconds for the peer's INIT, which left with the end of its handshake or right after it. */
const PATIENCE = 5
