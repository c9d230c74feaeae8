import type { Certificate } from '@purertc/dtls'
import type { GatheringState, IceConnectionState } from '@purertc/ice'
import { sessionIdFrom } from '@purertc/sdp'

import type { Environment } from '../environment.ts'
import { invalidState } from '../errors.ts'
import { isGiven } from '../is-given.ts'
import type { RTCPeerConnectionState } from '../negotiation/connection-state.ts'
import { Negotiator } from '../negotiation/negotiator.ts'
import type { SignalingState } from '../negotiation/signaling-session.ts'
import type { TransportStatistics } from '../transport/transport-statistics.ts'
import { largestDatagram } from '../transport/peer-transport.ts'
import {
  changeConfiguration,
  resolveConfiguration,
  type ResolvedConfiguration,
  type RTCConfiguration,
} from './configuration.ts'
import { ConnectionStates } from './connection-states.ts'
import { ConnectionSession } from './connection-session.ts'
import { ConnectionTransport, type ConnectionTransportConfig } from './connection-transport.ts'
import type { RTCDataChannel } from './data-channel.ts'
import type { RTCDataChannelInit } from './data-channel-options.ts'
import { DataPlane } from './data-plane.ts'
import type { RTCDatagramChannel } from './datagram-channel.ts'
import { EventQueue } from './event-queue.ts'
import {
  candidateErrorEvent,
  RTCDataChannelEvent,
  RTCDatagramChannelEvent,
  type RTCPeerConnectionIceErrorEvent,
  RTCPeerConnectionIceEvent,
  serverErrorEvent,
} from './events.ts'
import { type Handler, HandlerTarget } from './handler-target.ts'
import { type CandidateOrigin, RTCIceCandidate, type RTCIceCandidateInit } from './ice-candidate.ts'
import { NegotiationNeeded } from './negotiation-needed.ts'
import { OperationsChain } from './operations-chain.ts'
import type {
  RTCLocalSessionDescriptionInit,
  RTCSessionDescription,
  RTCSessionDescriptionInit,
} from './session-description.ts'
import { createStatsReport, type RTCStatsReport } from './stats-report.ts'
import { transportView } from './transport-view.ts'
import { RTCSctpTransport } from './transports.ts'

export interface RTCOfferOptions {
  /** The offer announces a new ICE session. */
  readonly iceRestart?: boolean
}

export interface RTCPeerConnectionEventMap {
  negotiationneeded: Event
  icecandidate: RTCPeerConnectionIceEvent
  icecandidateerror: RTCPeerConnectionIceErrorEvent
  signalingstatechange: Event
  iceconnectionstatechange: Event
  icegatheringstatechange: Event
  connectionstatechange: Event
  datachannel: RTCDataChannelEvent
  datagramchannel: RTCDatagramChannelEvent
}

/**
 * A connection to one peer, WebRTC §4.4, for data.
 *
 * @example
 * const connection = new RTCPeerConnection({ iceServers: [{ urls: 'stun:stun.example.org' }] })
 * const channel = connection.createDataChannel('chat')
 * connection.onicecandidate = ({ candidate }) => signal({ candidate })
 * await connection.setLocalDescription()
 * signal({ description: connection.localDescription })
 */
export class RTCPeerConnection extends HandlerTarget<RTCPeerConnectionEventMap> {
  declare onnegotiationneeded: Handler<RTCPeerConnection>
  declare onicecandidate: Handler<RTCPeerConnection, RTCPeerConnectionIceEvent>
  declare onicecandidateerror: Handler<RTCPeerConnection, RTCPeerConnectionIceErrorEvent>
  declare onsignalingstatechange: Handler<RTCPeerConnection>
  declare oniceconnectionstatechange: Handler<RTCPeerConnection>
  declare onicegatheringstatechange: Handler<RTCPeerConnection>
  declare onconnectionstatechange: Handler<RTCPeerConnection>
  declare ondatachannel: Handler<RTCPeerConnection, RTCDataChannelEvent>
  declare ondatagramchannel: Handler<RTCPeerConnection, RTCDatagramChannelEvent>

  readonly #environment: Environment
  readonly #events: EventQueue
  readonly #chain: OperationsChain
  readonly #negotiation: NegotiationNeeded
  readonly #session: ConnectionSession
  readonly #transport: ConnectionTransport
  readonly #data: DataPlane
  readonly #certificate: Promise<Certificate>
  #configuration: ResolvedConfiguration
  #sctp: RTCSctpTransport | null = null
  #isClosed = false
  readonly #states = new ConnectionStates((type) => {
    if (!this.#isClosed) this.#fire(type)
  })

  static {
    RTCPeerConnection.defineHandlers(
      'negotiationneeded',
      'icecandidate',
      'icecandidateerror',
      'signalingstatechange',
      'iceconnectionstatechange',
      'icegatheringstatechange',
      'connectionstatechange',
      'datachannel',
      'datagramchannel',
    )
  }

  /** Throws SyntaxError, InvalidAccessError, NotSupportedError or TypeError for what no connection can have. */
  constructor(configuration: RTCConfiguration, environment: Environment) {
    super()
    this.#environment = environment
    this.#configuration = resolveConfiguration(configuration, environment.wallClock())
    this.#events = new EventQueue((task) => environment.queueTask(task))
    this.#chain = new OperationsChain(() => this.#negotiation.idle())
    this.#negotiation = new NegotiationNeeded(this.#events, {
      isClosed: () => this.#isClosed,
      isBusy: () => !this.#chain.isEmpty,
      isStable: () => this.signalingState === 'stable',
      isNeeded: () => this.#session.isNegotiationNeeded,
      fire: () => this.#fire('negotiationneeded'),
    })
    this.#data = new DataPlane((command) => this.#transport.run(command), this.#events, {
      dataChannel: (channel) => this.dispatchEvent(new RTCDataChannelEvent('datachannel', { channel })),
      datagramChannel: (channel) =>
        this.dispatchEvent(new RTCDatagramChannelEvent('datagramchannel', { channel })),
    })
    const negotiator = new Negotiator(newSessionId(environment))
    this.#transport = this.#createTransport(() => negotiator.mode === 'datagram')
    this.#session = new ConnectionSession(negotiator, this.#transport, this.#data)
    const [certificate] = this.#configuration.certificates
    this.#certificate = certificate ? Promise.resolve(certificate.dtls) : environment.generateCertificate()
    // Whoever needs it awaits it; a connection that never does is none the worse.
    this.#certificate.catch(() => undefined)
  }

  get signalingState(): SignalingState {
    return this.#session.state
  }

  get iceGatheringState(): GatheringState {
    return this.#states.gathering
  }

  get iceConnectionState(): IceConnectionState {
    return this.#states.ice
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#states.connection
  }

  get localDescription(): RTCSessionDescription | null {
    return this.pendingLocalDescription ?? this.currentLocalDescription
  }

  get currentLocalDescription(): RTCSessionDescription | null {
    return this.#session.show('current', 'local')
  }

  get pendingLocalDescription(): RTCSessionDescription | null {
    return this.#session.show('pending', 'local')
  }

  get remoteDescription(): RTCSessionDescription | null {
    return this.pendingRemoteDescription ?? this.currentRemoteDescription
  }

  get currentRemoteDescription(): RTCSessionDescription | null {
    return this.#session.show('current', 'remote')
  }

  get pendingRemoteDescription(): RTCSessionDescription | null {
    return this.#session.show('pending', 'remote')
  }

  /** Trickle is an `ice-options` of all descriptions made here; what the peer can take, its description says. */
  get canTrickleIceCandidates(): boolean | null {
    return this.#session.canTrickle
  }

  /** Null until both ends have accepted data channels. */
  get sctp(): RTCSctpTransport | null {
    return this.#sctp
  }

  getConfiguration(): RTCConfiguration {
    return { ...this.#configuration }
  }

  /** Servers hold from the next gathering on, which `restartIce` brings about; the policy for a new transport. */
  setConfiguration(configuration: RTCConfiguration): void {
    this.#checkOpen()
    const next = resolveConfiguration(configuration, this.#environment.wallClock())
    this.#configuration = changeConfiguration(this.#configuration, next)
  }

  createOffer(options: RTCOfferOptions = {}): Promise<RTCSessionDescriptionInit> {
    return this.#operation((certificate) => {
      if (options.iceRestart === true) this.#session.restart()
      return { type: 'offer', sdp: this.#session.makeOffer(certificate) }
    })
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return this.#operation((certificate) => ({ type: 'answer', sdp: this.#session.makeAnswer(certificate) }))
  }

  /** Without a description, or without its SDP, the one that fits the signaling state is made and set. */
  setLocalDescription(description: RTCLocalSessionDescriptionInit = {}): Promise<void> {
    return this.#operation((certificate) => {
      this.#session.applyLocal(description, certificate, this.#configuration.iceServers)
      this.#applied()
    })
  }

  /**
   * Rejects with an RTCError `sdp-syntax-error` for what is no SDP, InvalidAccessError for SDP that cannot be used,
   * InvalidStateError out of order. An offer that meets a local one rolls that back.
   */
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.#operation((certificate) => {
      this.#session.applyRemote(description.type, description.sdp ?? '', certificate)
      this.#applied()
    })
  }

  /** Null, or a candidate of no text, is the end of candidates. */
  addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    const init = candidate ?? {}
    const isPlaced = isGiven(init.sdpMid) || isGiven(init.sdpMLineIndex)
    if ((init.candidate ?? '') !== '' && !isPlaced)
      return Promise.reject(new TypeError('a candidate needs sdpMid or sdpMLineIndex'))
    return this.#operation(() => this.#session.addCandidate(init))
  }

  /** The next offer announces a new ICE session; `negotiationneeded` asks for it. */
  restartIce(): void {
    if (this.#isClosed) return
    this.#session.restart()
    this.#negotiation.update()
  }

  /**
   * Throws InvalidStateError once closed, TypeError for options that contradict each other, OperationError for an id
   * that is taken.
   */
  createDataChannel(label: string, options: RTCDataChannelInit = {}): RTCDataChannel {
    this.#checkOpen()
    const channel = this.#data.createDataChannel(label, options)
    this.#negotiation.update()
    return channel
  }

  /**
   * The one datagram channel of the connection, in place of data channels: application data straight in DTLS records.
   * Not in the W3C API.
   */
  createDatagramChannel(): RTCDatagramChannel {
    this.#checkOpen()
    const channel = this.#data.createDatagramChannel()
    this.#negotiation.update()
    return channel
  }

  /** Statistics of the transport, its candidates and pairs, the certificates and the channels. */
  async getStats(): Promise<RTCStatsReport> {
    const { channels } = this.#data
    return createStatsReport({
      crypto: this.#environment.crypto,
      timestamp: this.#environment.wallClock(),
      certificate: await this.#certificate,
      transport: this.#transport.statistics,
      channels: channels.traffic,
      dataChannelsOpened: channels.opened,
      dataChannelsClosed: channels.closed,
    })
  }

  /** The same without the W3C's names, at once. Not in the W3C API; null before there is a transport. */
  get transportStatistics(): TransportStatistics | null {
    return this.#transport.statistics
  }

  /** Ends everything at once, without events: the peer is told, sockets and timers are given back. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#chain.close()
    this.#session.close()
    this.#data.abandon()
    this.#transport.close()
    this.#sctp?.refresh()
    this.#states.close()
  }

  /** Every operation has the certificate, if only so that none of them takes effect within the call. */
  #operation<T>(operation: (certificate: Certificate) => T): Promise<T> {
    if (this.#isClosed) return Promise.reject(invalidState('the connection is closed'))
    return this.#chain.run(async () => {
      const certificate = await this.#certificate
      this.#checkOpen()
      return operation(certificate)
    })
  }

  /** After every description: tells what changed. */
  #applied(): void {
    const { state } = this.#session
    this.#states.setSignaling(state)
    if (this.#session.hasDataChannels) {
      this.#sctp ??= new RTCSctpTransport(transportView(this.#transport, this.#data))
      this.#sctp.refresh()
    }
    if (state === 'stable') this.#negotiation.settled()
  }

  #createTransport(isDatagram: () => boolean): ConnectionTransport {
    const { network, dtls, ice, hooks } = this.#configuration
    const config = (): ConnectionTransportConfig => ({
      policy: this.#configuration.iceTransportPolicy,
      mtu: network.mtu ?? 1_200,
      maxMtu: network.mtu ?? largestDatagram,
      maxMessageSize: 262_144,
      deliverParts: this.#configuration.messageStreams,
      dtls,
      ice,
      usesSnap: this.#configuration.sctpSnap,
    })
    const post = (event: () => void): void => this.#events.post(() => this.#isClosed || event())
    const data = this.#data.host(isDatagram)
    return new ConnectionTransport(this.#environment, config, network, this.#events, {
      ...data,
      ...(hooks.acceptLocalCandidate && { acceptLocalCandidate: hooks.acceptLocalCandidate }),
      ...(hooks.acceptRemoteCandidate && { acceptRemoteCandidate: hooks.acceptRemoteCandidate }),
      ...(hooks.acceptCheck && { acceptCheck: hooks.acceptCheck }),
      ...(hooks.acceptPair && { acceptPair: hooks.acceptPair }),
      pairSelected: (pair) => post(() => hooks.pairSelected?.(pair)),
      pairFailed: (pair, reason) => post(() => hooks.pairFailed?.(pair, reason)),
      secured: (session) => post(() => hooks.secured?.(session)),
      connected: () => {
        data.connected()
        post(() => this.#sctp?.refresh())
      },
      closed: (reason) => {
        data.closed(reason)
        post(() => this.#sctp?.refresh())
        post(() => hooks.closed?.(reason))
      },
      candidate: (line, origin) => post(() => this.#fireCandidate(line, origin)),
      candidateError: (error) =>
        post(() => this.dispatchEvent(candidateErrorEvent(error, network.mdns === 'hide'))),
      serverUnusable: (url, { message }) => post(() => this.dispatchEvent(serverErrorEvent(url, message))),
      gatheringChanged: (state) => post(() => this.#gatheringChanged(state)),
      stateChanged: () => post(() => this.#transportChanged()),
    })
  }

  #fireCandidate(line: string, origin: CandidateOrigin): void {
    const data = this.#session.localSection
    if (data === null) return
    const candidate = new RTCIceCandidate({
      candidate: line,
      sdpMid: data.mid,
      sdpMLineIndex: data.index,
      usernameFragment: data.credentials.usernameFragment,
      ...origin,
    })
    const { url } = candidate
    this.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', { candidate, url }))
  }

  /** WebRTC §4.8.1.1: after the last candidate comes null. */
  #gatheringChanged(state: GatheringState): void {
    this.#states.setGathering(state)
    if (state === 'complete' && !this.#isClosed)
      this.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', { candidate: null }))
  }

  #transportChanged(): void {
    this.#sctp?.refresh()
    this.#states.setTransport(this.#transport.iceState, this.#transport.dtlsState)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw invalidState('the connection is closed')
  }

  #fire(type: string): void {
    this.dispatchEvent(new Event(type))
  }
}

function newSessionId({ crypto }: Environment): string {
  const random = new Uint8Array(8)
  crypto.randomFill(random)
  return sessionIdFrom(random)
}
