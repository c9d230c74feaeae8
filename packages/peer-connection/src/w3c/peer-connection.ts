import type { Certificate } from '@purertc/dtls'
import type { GatheringState, IceConnectionState } from '@purertc/ice'

import type { Environment } from '../environment.ts'
import { invalidState } from '../errors.ts'
import type { RTCPeerConnectionState } from '../negotiation/connection-state.ts'
import { Negotiator } from '../negotiation/negotiator.ts'
import { newSessionId } from '../negotiation/session-id.ts'
import type { SignalingState } from '../negotiation/signaling-session.ts'
import type { TransportStatistics } from '../transport/transport-statistics.ts'
import {
  changeConfiguration,
  resolveConfiguration,
  type ResolvedConfiguration,
  type RTCConfiguration,
} from './configuration.ts'
import { ConnectionStates } from './connection-states.ts'
import { ConnectionSession } from './connection-session.ts'
import { ConnectionTransport } from './connection-transport.ts'
import { ConnectionView } from './connection-view.ts'
import type { RTCDataChannel } from './data-channel.ts'
import type { RTCDataChannelInit } from './data-channel-options.ts'
import { DataPlane } from './data-plane.ts'
import type { RTCDatagramChannel } from './datagram-channel.ts'
import { EventQueue } from './event-queue.ts'
import {
  RTCDataChannelEvent,
  RTCDatagramChannelEvent,
  type RTCPeerConnectionEventMap,
  type RTCPeerConnectionIceErrorEvent,
  type RTCPeerConnectionIceEvent,
} from './events.ts'
import { GatheringEvents } from './gathering-events.ts'
import { type Handler, HandlerTarget } from './handler-target.ts'
import type { RTCIceCandidateInit } from './ice-candidate.ts'
import type {
  RTCLocalSessionDescriptionInit,
  RTCSessionDescription,
  RTCSessionDescriptionInit,
} from './session-description.ts'
import { type RTCOfferOptions, SessionOperations } from './session-operations.ts'
import { createStatsReport, type RTCStatsReport } from './stats-report.ts'
import { transportHost } from './transport-host.ts'
import { RTCSctpTransport } from './transports.ts'

/** What is the same on every platform: see the `RTCPeerConnection` of Node. */
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
  readonly #session: ConnectionSession
  readonly #transport: ConnectionTransport
  readonly #data: DataPlane
  readonly #certificate: Promise<Certificate>
  readonly #operations: SessionOperations
  #configuration: ResolvedConfiguration
  #sctp: RTCSctpTransport | null = null
  #isClosed = false
  readonly #states = new ConnectionStates((type) => this.#dispatch(new Event(type)))

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
    this.#data = new DataPlane((command) => this.#transport.run(command), this.#events, {
      dataChannel: (channel) => this.dispatchEvent(new RTCDataChannelEvent('datachannel', { channel })),
      datagramChannel: (channel) =>
        this.dispatchEvent(new RTCDatagramChannelEvent('datagramchannel', { channel })),
    })
    const negotiator = new Negotiator(newSessionId(environment.crypto))
    this.#transport = this.#createTransport(() => negotiator.mode === 'datagram')
    this.#session = new ConnectionSession(negotiator, this.#transport, this.#data)
    const [certificate] = this.#configuration.certificates
    this.#certificate = certificate ? Promise.resolve(certificate.dtls) : environment.generateCertificate()
    // Whoever needs it awaits it; a connection that never does is none the worse.
    this.#certificate.catch(() => undefined)
    this.#operations = new SessionOperations(this.#session, this.#certificate, this.#events, {
      iceServers: () => this.#configuration.iceServers,
      applied: () => this.#applied(),
      negotiationNeeded: () => this.#dispatch(new Event('negotiationneeded')),
    })
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
    return this.#operations.createOffer(options)
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return this.#operations.createAnswer()
  }

  /** Without a description, or without its SDP, the one that fits the signaling state is made and set. */
  setLocalDescription(description: RTCLocalSessionDescriptionInit = {}): Promise<void> {
    return this.#operations.setLocalDescription(description)
  }

  /**
   * Rejects with an RTCError `sdp-syntax-error` for what is no SDP, InvalidAccessError for SDP that cannot be used,
   * InvalidStateError out of order. An offer that meets a local one rolls that back.
   */
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.#operations.setRemoteDescription(description)
  }

  /** Null, or a candidate of no text, is the end of candidates. */
  addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    return this.#operations.addIceCandidate(candidate ?? {})
  }

  /** The next offer announces a new ICE session; `negotiationneeded` asks for it. */
  restartIce(): void {
    this.#operations.restartIce()
  }

  /**
   * Throws InvalidStateError once closed, TypeError for options that contradict each other, OperationError for an id
   * that is taken.
   */
  createDataChannel(label: string, options: RTCDataChannelInit = {}): RTCDataChannel {
    this.#checkOpen()
    const channel = this.#data.createDataChannel(label, options)
    this.#operations.updateNegotiationNeeded()
    return channel
  }

  /**
   * The one datagram channel of the connection, in place of data channels: application data straight in DTLS records.
   * Not in the W3C API.
   */
  createDatagramChannel(): RTCDatagramChannel {
    this.#checkOpen()
    const channel = this.#data.createDatagramChannel()
    this.#operations.updateNegotiationNeeded()
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
    this.#operations.close()
    this.#session.close()
    this.#data.abandon()
    this.#transport.close()
    this.#sctp?.refresh()
    this.#states.close()
  }

  /** After every description: tells what changed. */
  #applied(): void {
    this.#states.setSignaling(this.#session.state)
    if (!this.#session.hasDataChannels) return
    this.#sctp ??= new RTCSctpTransport(new ConnectionView(this.#transport, this.#data))
    this.#sctp.refresh()
  }

  #createTransport(isDatagram: () => boolean): ConnectionTransport {
    const { network, hooks } = this.#configuration
    const post = (event: () => void): void => this.#events.post(() => this.#isClosed || event())
    const gathering = new GatheringEvents(this.#states, {
      localSection: () => this.#session.localSection,
      hidesAddresses: network.mdns === 'hide',
      dispatch: (event) => this.#dispatch(event),
    })
    const host = transportHost(this.#data.host(isDatagram), gathering, hooks, post, {
      dataChanged: () => this.#sctp?.refresh(),
      stateChanged: () => this.#transportChanged(),
    })
    return new ConnectionTransport(this.#environment, () => this.#configuration, this.#events, host)
  }

  #transportChanged(): void {
    this.#sctp?.refresh()
    this.#states.setTransport(this.#transport.iceState, this.#transport.dtlsState)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw invalidState('the connection is closed')
  }

  #dispatch(event: Event): void {
    if (!this.#isClosed) this.dispatchEvent(event)
  }
}
