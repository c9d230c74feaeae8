import type { Certificate } from '@purertc/dtls'
import type { GatheringState, IceConnectionState } from '@purertc/ice'
import { type DataMode, sessionIdFrom } from '@purertc/sdp'

import type { Environment } from '../environment.ts'
import { invalidState } from '../errors.ts'
import { isGiven } from '../is-given.ts'
import { connectionState, type RTCPeerConnectionState } from '../negotiation/connection-state.ts'
import type { DataSection, Description } from '../negotiation/description.ts'
import type { LocalTransport } from '../negotiation/local-description.ts'
import { Negotiator } from '../negotiation/negotiator.ts'
import type { DescriptionType, SignalingState } from '../negotiation/signaling-session.ts'
import {
  changeConfiguration,
  resolveConfiguration,
  type ResolvedConfiguration,
  type RTCConfiguration,
} from './configuration.ts'
import { ConnectionTransport } from './connection-transport.ts'
import type { RTCDataChannel, RTCDataChannelInit } from './data-channel.ts'
import { DataPlane } from './data-plane.ts'
import type { RTCDatagramChannel } from './datagram-channel.ts'
import { DescriptionViews } from './description-views.ts'
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
import { RTCIceCandidate, type RTCIceCandidateInit } from './ice-candidate.ts'
import { NegotiationNeeded } from './negotiation-needed.ts'
import { OperationsChain } from './operations-chain.ts'
import { RemoteCandidates } from './remote-candidates.ts'
import type {
  RTCLocalSessionDescriptionInit,
  RTCSessionDescription,
  RTCSessionDescriptionInit,
} from './session-description.ts'
import { createStatsReport, type RTCStatsReport } from './stats-report.ts'

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
  readonly #negotiator: Negotiator
  readonly #transport: ConnectionTransport
  readonly #data: DataPlane
  readonly #remoteCandidates = new RemoteCandidates()
  readonly #certificate: Promise<Certificate>
  readonly #negotiation: NegotiationNeeded
  readonly #views = new DescriptionViews()
  #configuration: ResolvedConfiguration
  #isClosed = false
  /** The username fragment that a restart is to replace. */
  #fragmentToReplace: string | null = null
  #signalingState: SignalingState = 'stable'
  #connectionState: RTCPeerConnectionState = 'new'
  #iceConnectionState: IceConnectionState = 'new'

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
      isNeeded: () => this.#isNegotiationNeeded,
      fire: () => this.#fire('negotiationneeded'),
    })
    const random = new Uint8Array(8)
    environment.crypto.randomFill(random)
    this.#negotiator = new Negotiator(sessionIdFrom(random))
    this.#data = new DataPlane((command) => this.#transport.run(command), this.#events, {
      dataChannel: (channel) => this.dispatchEvent(new RTCDataChannelEvent('datachannel', { channel })),
      datagramChannel: (channel) =>
        this.dispatchEvent(new RTCDatagramChannelEvent('datagramchannel', { channel })),
    })
    this.#transport = this.#createTransport()
    const [certificate] = this.#configuration.certificates
    this.#certificate = certificate ? Promise.resolve(certificate.dtls) : environment.generateCertificate()
    // Whoever needs it awaits it; a connection that never does is none the worse.
    this.#certificate.catch(() => undefined)
  }

  get signalingState(): SignalingState {
    return this.#negotiator.session.state
  }

  get iceGatheringState(): GatheringState {
    return this.#transport.gatheringState
  }

  get iceConnectionState(): IceConnectionState {
    return this.#iceConnectionState
  }

  get connectionState(): RTCPeerConnectionState {
    return this.#connectionState
  }

  get localDescription(): RTCSessionDescription | null {
    return this.pendingLocalDescription ?? this.currentLocalDescription
  }

  get currentLocalDescription(): RTCSessionDescription | null {
    return this.#showLocal(this.#negotiator.session.current.local)
  }

  get pendingLocalDescription(): RTCSessionDescription | null {
    return this.#showLocal(this.#negotiator.session.pending.local)
  }

  get remoteDescription(): RTCSessionDescription | null {
    return this.pendingRemoteDescription ?? this.currentRemoteDescription
  }

  get currentRemoteDescription(): RTCSessionDescription | null {
    return this.#showRemote(this.#negotiator.session.current.remote)
  }

  get pendingRemoteDescription(): RTCSessionDescription | null {
    return this.#showRemote(this.#negotiator.session.pending.remote)
  }

  /** Trickle is an `ice-options` of all descriptions made here; what the peer can take, its description says. */
  get canTrickleIceCandidates(): boolean | null {
    const remote = this.#negotiator.remoteDescription
    return remote === null
      ? null
      : remote.parsed.media.some(({ iceOptions }) => iceOptions.includes('trickle'))
  }

  getConfiguration(): RTCConfiguration {
    return { ...this.#configuration }
  }

  /** Servers and policy hold from the next gathering on, which `restartIce` brings about. */
  setConfiguration(configuration: RTCConfiguration): void {
    this.#checkOpen()
    const next = resolveConfiguration(configuration, this.#environment.wallClock())
    this.#configuration = changeConfiguration(this.#configuration, next)
  }

  createOffer(options: RTCOfferOptions = {}): Promise<RTCSessionDescriptionInit> {
    return this.#operation(async () => {
      if (options.iceRestart === true) this.#replaceFragment()
      return { type: 'offer', sdp: await this.#makeOffer() }
    })
  }

  createAnswer(): Promise<RTCSessionDescriptionInit> {
    return this.#operation(async () => ({ type: 'answer', sdp: await this.#makeAnswer() }))
  }

  /** Without a description, or without its SDP, the one that fits the signaling state is made and set. */
  setLocalDescription(description: RTCLocalSessionDescriptionInit = {}): Promise<void> {
    return this.#operation(async () => {
      const certificate = await this.#certificate
      const type = description.type ?? this.#negotiator.implicitType()
      const given = description.sdp ?? ''
      const sdp = given !== '' || type === 'rollback' ? given : await this.#makeUnlessMade(type)
      if (this.#isClosed) return
      const applied = this.#negotiator.applyLocal(type, sdp)
      if (type === 'rollback') this.#transport.discard()
      else if (applied.data !== null) this.#transport.gather(this.#configuration.iceServers)
      this.#applied(type, certificate)
    })
  }

  /**
   * Rejects with an RTCError `sdp-syntax-error` for what is no SDP, InvalidAccessError for SDP that cannot be used,
   * InvalidStateError out of order. An offer that meets a local one rolls that back.
   */
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void> {
    return this.#operation(async () => {
      const certificate = await this.#certificate
      if (this.#isClosed) return
      const { type, sdp = '' } = description
      this.#negotiator.applyRemote(type, sdp, this.#ownMode())
      // What was made for an offer of our own, if anything, would claim the wrong ICE role.
      if (type === 'offer') this.#transport.discard()
      this.#applied(type, certificate)
    })
  }

  /** Null, or a candidate of no text, is the end of candidates. */
  addIceCandidate(candidate?: RTCIceCandidateInit | null): Promise<void> {
    const init = candidate ?? {}
    const isPlaced = isGiven(init.sdpMid) || isGiven(init.sdpMLineIndex)
    if ((init.candidate ?? '') !== '' && !isPlaced)
      return Promise.reject(new TypeError('a candidate needs sdpMid or sdpMLineIndex'))
    return this.#operation(async () => {
      await this.#certificate
      if (this.#isClosed) return
      this.#addRemoteCandidate(init)
    })
  }

  /** The next offer announces a new ICE session; `negotiationneeded` asks for it. */
  restartIce(): void {
    if (this.#isClosed) return
    this.#replaceFragment()
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

  /** Ends everything at once, without events: the peer is told, sockets and timers are given back. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#chain.close()
    this.#negotiator.session.close()
    this.#data.abandon()
    this.#transport.close()
    this.#iceConnectionState = 'closed'
    this.#connectionState = 'closed'
  }

  #operation<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#isClosed) return Promise.reject(invalidState('the connection is closed'))
    return this.#chain.run(operation)
  }

  async #makeUnlessMade(type: DescriptionType): Promise<string> {
    const made = this.#negotiator.lastMade(type)
    if (made !== null) return made
    return type === 'offer' ? this.#makeOffer() : this.#makeAnswer()
  }

  async #makeOffer(): Promise<string> {
    const certificate = await this.#certificate
    return this.#negotiator.createOffer(this.#ownMode(), () => {
      this.#transport.create('controlling')
      if (this.#wantsRestart) this.#transport.prepareRestart()
      return this.#describeTransport(certificate)
    })
  }

  async #makeAnswer(): Promise<string> {
    const certificate = await this.#certificate
    return this.#negotiator.createAnswer((offer) => {
      this.#transport.create('controlled')
      if (this.#isRestart(offer)) this.#transport.prepareRestart()
      return this.#describeTransport(certificate)
    })
  }

  #describeTransport(certificate: Certificate): LocalTransport {
    return this.#transport.describe([certificate.fingerprint('sha-256')], MAX_MESSAGE_SIZE)
  }

  #replaceFragment(): void {
    const { agreement } = this.#negotiator
    this.#fragmentToReplace = agreement?.local.credentials.usernameFragment ?? null
  }

  /** Whether the credentials that a restart is to replace are still in force. */
  get #wantsRestart(): boolean {
    const fragment = this.#fragmentToReplace
    return fragment !== null && this.#negotiator.agreement?.local.credentials.usernameFragment === fragment
  }

  /** WebRTC §4.7.3, "check if negotiation is needed", without what is about media. */
  get #isNegotiationNeeded(): boolean {
    const isUndescribed = this.#ownMode() !== null && !isGiven(this.#negotiator.session.current.local?.data)
    return isUndescribed || this.#wantsRestart
  }

  /** Whether the peer's offer announces another ICE session than the one in force, RFC 8839 §4.4.1.1.1. */
  #isRestart(offer: DataSection): boolean {
    const known = this.#negotiator.agreement?.remote.credentials
    return known !== undefined && known.usernameFragment !== offer.credentials.usernameFragment
  }

  /** What this end has asked for, or what was agreed; null while it is open. */
  #ownMode(): DataMode | null {
    return this.#data.mode ?? this.#negotiator.mode
  }

  /** After every description: starts what was agreed, and tells what changed. */
  #applied(type: DescriptionType, certificate: Certificate): void {
    if (type === 'answer' || type === 'pranswer') this.#agreed(certificate)
    const { state } = this.#negotiator.session
    if (state !== this.#signalingState) {
      this.#signalingState = state
      this.#fire('signalingstatechange')
    }
    if (state === 'stable') this.#negotiation.settled()
  }

  #agreed(certificate: Certificate): void {
    const agreement = this.#negotiator.agreement
    if (agreement === null) {
      this.#data.refuse()
      return
    }
    const { local, remote, dtlsRole, description } = agreement
    const { lines, isComplete } = this.#remoteCandidates.of(description)
    this.#transport.start(
      {
        mode: local.mode,
        dtlsRole,
        certificate,
        remoteCredentials: remote.credentials,
        remoteFingerprints: remote.fingerprints,
        remoteSctpPort: remote.sctpPort,
        remoteMaxMessageSize: remote.maxMessageSize,
      },
      isComplete ? [...lines, ''] : lines,
    )
    this.#data.start(remote)
  }

  #addRemoteCandidate(init: RTCIceCandidateInit): void {
    const { pending, current } = this.#negotiator.session
    if (pending.remote === null && current.remote === null)
      throw invalidState('there is no remote description')
    const descriptions = [pending.remote, current.remote].filter((description) => description !== null)
    const owner = this.#remoteCandidates.owner(init, descriptions)
    if (owner === null) return
    const line = init.candidate ?? ''
    const isAgreed = owner === this.#negotiator.agreement?.description
    if (this.#remoteCandidates.add(owner, line) && isAgreed)
      this.#transport.run((transport, now) => transport.addRemoteCandidate(now, line))
  }

  #createTransport(): ConnectionTransport {
    const { iceTransportPolicy: policy, network, hooks } = this.#configuration
    const config = { policy, mtu: network.mtu ?? 1_200, maxMessageSize: MAX_MESSAGE_SIZE }
    const post = (event: () => void): void => this.#events.post(() => this.#isClosed || event())
    const data = this.#data.host(() => this.#negotiator.agreement?.local.mode === 'datagram')
    return new ConnectionTransport(this.#environment, config, network, this.#events, {
      ...data,
      ...(hooks.acceptLocalCandidate && { acceptLocalCandidate: hooks.acceptLocalCandidate }),
      ...(hooks.acceptRemoteCandidate && { acceptRemoteCandidate: hooks.acceptRemoteCandidate }),
      ...(hooks.acceptPair && { acceptPair: hooks.acceptPair }),
      pairSelected: (pair) => hooks.pairSelected?.(pair),
      pairFailed: (pair, reason) => hooks.pairFailed?.(pair, reason),
      secured: (session) => hooks.secured?.(session),
      closed: (reason) => {
        data.closed(reason)
        hooks.closed?.(reason)
      },
      candidate: (line) => post(() => this.#fireCandidate(line)),
      candidateError: (init) => post(() => this.dispatchEvent(candidateErrorEvent(init))),
      serverUnusable: (url, { message }) => post(() => this.dispatchEvent(serverErrorEvent(url, message))),
      gatheringChanged: () => post(() => this.#fireGathering()),
      stateChanged: () => post(() => this.#updateStates()),
    })
  }

  #fireCandidate(line: string): void {
    const data = this.#negotiator.localDescription?.data
    if (!isGiven(data)) return
    const candidate = new RTCIceCandidate({
      candidate: line,
      sdpMid: data.mid,
      sdpMLineIndex: data.index,
      usernameFragment: data.credentials.usernameFragment,
    })
    this.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', { candidate }))
  }

  /** WebRTC §4.8.1.1: after the last candidate comes null. */
  #fireGathering(): void {
    this.#fire('icegatheringstatechange')
    if (this.iceGatheringState === 'complete' && !this.#isClosed)
      this.dispatchEvent(new RTCPeerConnectionIceEvent('icecandidate', { candidate: null }))
  }

  /** WebRTC §4.3.3: both states follow from those below. */
  #updateStates(): void {
    const { iceState, dtlsState } = this.#transport
    const connection = connectionState(iceState, dtlsState)
    const isIceNew = iceState !== this.#iceConnectionState
    const isConnectionNew = connection !== this.#connectionState
    this.#iceConnectionState = iceState
    this.#connectionState = connection
    if (isIceNew) this.#fire('iceconnectionstatechange')
    if (isConnectionNew && !this.#isClosed) this.#fire('connectionstatechange')
  }

  #showLocal(description: Description | null): RTCSessionDescription | null {
    const { candidates, hasAllCandidates, usernameFragment } = this.#transport
    const isPresent = description?.data?.credentials.usernameFragment === usernameFragment
    if (!isPresent) return this.#views.show(description, description?.data?.candidates ?? [], false)
    return this.#views.show(description, candidates, hasAllCandidates)
  }

  #showRemote(description: Description | null): RTCSessionDescription | null {
    if (description === null) return null
    const { lines, isComplete } = this.#remoteCandidates.of(description)
    return this.#views.show(description, lines, isComplete)
  }

  #checkOpen(): void {
    if (this.#isClosed) throw invalidState('the connection is closed')
  }

  #fire(type: string): void {
    this.dispatchEvent(new Event(type))
  }
}

/** Bytes of the largest message that this end takes, as in browsers. */
const MAX_MESSAGE_SIZE = 262_144
