import type { CryptoProvider } from '@purertc/crypto'
import { computeFingerprint, type DtlsSession, formatFingerprint, ProtocolVersion } from '@purertc/dtls'
import type { CandidatePair, PairFailure } from '@purertc/ice'
import type { DataMode } from '@purertc/sdp'

import type { TransportError } from '../transport/transport-error.ts'
import type { RTCConfiguration } from '../w3c/configuration.ts'
import { RTCDataChannel } from '../w3c/data-channel.ts'
import { RTCDatagramChannel } from '../w3c/datagram-channel.ts'
import type { RTCIceCandidate, RTCIceCandidateInit } from '../w3c/ice-candidate.ts'
import type { RTCIceServer } from '../w3c/ice-servers.ts'
import type { RTCPeerConnection } from '../w3c/peer-connection.ts'
import type { RTCSessionDescriptionInit } from '../w3c/session-description.ts'
import type { TransportHooks } from '../w3c/transport-hooks.ts'
import { EndedSessions } from './ended-sessions.ts'
import type { PeerEvents, Security } from './events.ts'
import type { PeerDecisions, PeerOptions } from './options.ts'
import { PeerError } from './peer-error.ts'

/** What a link asks and tells. */
export interface PeerLinkHost {
  createConnection(configuration: RTCConfiguration): RTCPeerConnection
  sendDescription(description: RTCSessionDescriptionInit): void
  sendCandidate(candidate: RTCIceCandidateInit | null): void
  remoteDescription(description: RTCSessionDescriptionInit): void
  remoteCandidate(candidate: RTCIceCandidateInit | null): void
  pairNominated(pair: CandidatePair): void
  pairFailed(pair: CandidatePair, reason: PairFailure): void
  candidateError(error: PeerEvents['candidateError']): void
  secured(security: Security): void
  opened(mode: DataMode, security: Security): void
  message(data: string | Uint8Array): void
  drained(): void
  failed(error: PeerError): void
  /** The peer ended the link, or a fault did; `failed` came before. */
  ended(reason: 'remote' | 'fault'): void
}

/**
 * The link to one peer: a connection with one channel, and the exchange of descriptions that brings it about. Glare is
 * settled as in perfect negotiation (WebRTC §10.7): the polite end, the one that came later, gives way.
 */
export class PeerLink {
  /** The peer's name in the signalling channel. */
  readonly peer: string
  readonly connection: RTCPeerConnection
  readonly #crypto: CryptoProvider
  readonly #host: PeerLinkHost
  readonly #decide: PeerDecisions
  readonly #options: PeerOptions
  readonly #isPolite: boolean
  readonly #ended = new EndedSessions()
  #channel: RTCDataChannel | RTCDatagramChannel | null = null
  #security: Security | null = null
  /** Signalling is handled in its order, though decisions may take time. */
  #tail: Promise<void> = Promise.resolve()
  #session: string | null = null
  #ignoresOffer = false
  #isOver = false
  /** Set while {@link finish} waits. */
  #finished: (() => void) | null = null

  constructor(
    peer: string,
    isPolite: boolean,
    iceServers: readonly RTCIceServer[],
    options: PeerOptions,
    crypto: CryptoProvider,
    host: PeerLinkHost,
  ) {
    this.peer = peer
    this.#isPolite = isPolite
    this.#options = options
    this.#decide = options.decide ?? {}
    this.#crypto = crypto
    this.#host = host
    this.connection = host.createConnection({
      iceServers,
      ...(options.iceTransportPolicy && { iceTransportPolicy: options.iceTransportPolicy }),
      ...(options.certificate && { certificates: [options.certificate] }),
      ...(options.network && { network: options.network }),
      ...(options.ice && { ice: options.ice }),
      ...(options.sctpSnap !== undefined && { sctpSnap: options.sctpSnap }),
      hooks: this.#hooks(),
    })
    this.#listen()
  }

  get isOpen(): boolean {
    return this.#channel?.readyState === 'open'
  }

  /** The pair that data goes over; before one is nominated, the best that works. */
  get pair(): CandidatePair | null {
    return this.connection.transportStatistics?.ice.active ?? null
  }

  get security(): Security | null {
    return this.#security
  }

  get bufferedAmount(): number {
    return this.#channel instanceof RTCDataChannel ? this.#channel.bufferedAmount : 0
  }

  /** Whether an offer begins anew what this link knows as another session (the number of its `o=` line). */
  isOtherSession({ sdp = '' }: RTCSessionDescriptionInit): boolean {
    return this.#session !== null && this.#session !== sessionOf(sdp)
  }

  /** Makes the channel, and with it the offer. */
  open(): void {
    const { mode, dataChannel = {} } = this.#options
    const { label = 'data', ...init } = dataChannel
    if (mode === 'datagram') this.#use(this.connection.createDatagramChannel())
    else this.#use(this.connection.createDataChannel(label, init))
  }

  /** Finds a path anew, while data goes on over the old one. */
  restart(): void {
    this.connection.restartIce()
  }

  /** The peer asks for another negotiation, and maybe for another path. */
  renegotiate(restart: boolean): void {
    if (restart) this.connection.restartIce()
    else this.#enqueue(() => this.#offer())
  }

  /** For the next path that is looked for. */
  useIceServers(iceServers: readonly RTCIceServer[]): void {
    this.connection.setConfiguration({ ...this.connection.getConfiguration(), iceServers })
  }

  handleDescription(description: RTCSessionDescriptionInit): void {
    this.#enqueue(() => this.#accept(description))
  }

  handleCandidate(candidate: RTCIceCandidateInit | null): void {
    this.#enqueue(() => this.#add(candidate))
  }

  /** Throws PeerError `not-connected`, and what `RTCDataChannel.send` throws. */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    const channel = this.#channel
    if (channel?.readyState !== 'open') throw new PeerError('not-connected', 'the link is not open')
    channel.send(data)
  }

  /**
   * Closes the channel; resolves when all that was sent has arrived and the peer has closed it, too, or the link is
   * closed meanwhile. The host hears nothing more.
   */
  finish(): Promise<void> {
    this.#isOver = true
    const channel = this.#channel
    if (!(channel instanceof RTCDataChannel) || channel.readyState !== 'open') return Promise.resolve()
    channel.close()
    return new Promise((resolve) => {
      this.#finished = resolve
      channel.addEventListener('close', () => resolve(), { once: true })
    })
  }

  /** Ends the link at once; the host hears nothing more. */
  close(): void {
    this.#isOver = true
    this.connection.close()
    // A connection that is closed tells its channels nothing.
    this.#finished?.()
  }

  #hooks(): TransportHooks {
    const { candidatePair } = this.#decide
    return {
      ...(candidatePair && { acceptPair: candidatePair }),
      pairSelected: (pair) => this.#host.pairNominated(pair),
      pairFailed: (pair, reason) => this.#host.pairFailed(pair, reason),
      secured: (session) => {
        this.#security = this.#securityOf(session)
        this.#host.secured(this.#security)
      },
      closed: (reason) => this.#linkClosed(reason),
    }
  }

  #listen(): void {
    const { connection } = this
    connection.onnegotiationneeded = () => this.#enqueue(() => this.#offer())
    connection.onicecandidate = ({ candidate }) => {
      // The W3C's null comes after the end of candidates, which has a candidate of no text.
      if (candidate !== null) this.#enqueue(() => this.#tell(candidate))
    }
    connection.onicecandidateerror = ({ address, port, url, errorCode, errorText }) =>
      this.#host.candidateError({ address, port, url, errorCode, errorText })
    connection.ondatachannel = ({ channel }) => {
      if (this.#channel === null) this.#use(channel)
    }
    connection.ondatagramchannel = ({ channel }) => this.#use(channel)
    connection.oniceconnectionstatechange = () => {
      if (connection.iceConnectionState === 'failed')
        this.#end('fault', new PeerError('ice-failed', 'no pair of candidates works'))
    }
  }

  #use(channel: RTCDataChannel | RTCDatagramChannel): void {
    this.#channel = channel
    const onmessage = ({ data }: MessageEvent): void => {
      if (!this.#isOver)
        this.#host.message(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer))
    }
    const mode = channel instanceof RTCDatagramChannel ? 'datagram' : 'datachannel'
    const onopen = (): void => {
      if (this.#security !== null) this.#host.opened(mode, this.#security)
    }
    if (channel instanceof RTCDataChannel) {
      channel.bufferedAmountLowThreshold = LOW_WATER
      channel.onbufferedamountlow = () => this.#host.drained()
      // A channel that the peer closes is the end of the link, too: there is nothing else on it.
      channel.onclose = () => this.#end('remote')
    }
    channel.onmessage = onmessage
    channel.onopen = onopen
  }

  async #offer(): Promise<void> {
    if (this.connection.signalingState !== 'stable') return
    await this.connection.setLocalDescription()
    await this.#sendDescription()
  }

  async #accept(description: RTCSessionDescriptionInit): Promise<void> {
    const { connection } = this
    const collides = description.type === 'offer' && connection.signalingState !== 'stable'
    this.#ignoresOffer = collides && !this.#isPolite
    if (this.#ignoresOffer) return
    await connection.setRemoteDescription(description)
    this.#session = sessionOf(description.sdp ?? '')
    this.#ended.follow(description.sdp ?? '')
    this.#host.remoteDescription(description)
    if (description.type !== 'offer') return
    await connection.setLocalDescription()
    await this.#sendDescription()
  }

  async #sendDescription(): Promise<void> {
    const made = this.connection.localDescription?.toJSON()
    if (made === undefined) return
    const sent = (await this.#decide.localDescription?.(made)) ?? made
    if (!this.#isOver) this.#host.sendDescription(sent)
  }

  async #tell(candidate: RTCIceCandidate): Promise<void> {
    const init = candidate.toJSON()
    if (init.candidate === '') this.#host.sendCandidate(null)
    else if ((await this.#decide.localCandidate?.(init)) !== false) this.#host.sendCandidate(init)
  }

  async #add(candidate: RTCIceCandidateInit | null): Promise<void> {
    if (this.#ignoresOffer || (candidate !== null && this.#ended.own(candidate))) return
    if (candidate !== null && (await this.#decide.remoteCandidate?.(candidate)) === false) return
    await this.connection.addIceCandidate(candidate)
    this.#host.remoteCandidate(candidate)
  }

  /** One after the other; what fails is told and does not stop the next. */
  #enqueue(task: () => Promise<void>): void {
    this.#tail = this.#tail
      .then(() => (this.#isOver ? undefined : task()))
      .catch((error: unknown) => {
        if (!this.#isOver) this.#host.failed(PeerError.from('negotiation', error))
      })
  }

  #linkClosed(reason: TransportError | null): void {
    if (reason === null || reason.code === 'remote-closed') this.#end('remote')
    else this.#end('fault', PeerError.from('link-failed', reason))
  }

  #end(reason: 'remote' | 'fault', error?: PeerError): void {
    if (this.#isOver) return
    this.#isOver = true
    if (error !== undefined) this.#host.failed(error)
    this.#host.ended(reason)
  }

  #securityOf({ version, cipherSuite, group, peerCertificate }: DtlsSession): Security {
    return {
      version: version === ProtocolVersion.dtls12 ? 'DTLS 1.2' : 'DTLS 1.3',
      cipherSuite: cipherSuite.name,
      // Shared keys and anonymity are for others: a peer connection always has both.
      group: group?.name ?? '',
      fingerprint:
        peerCertificate === null ? '' : formatFingerprint(computeFingerprint(this.#crypto, peerCertificate)),
    }
  }
}

function sessionOf(sdp: string): string | null {
  return /^o=\S+ (\d+) /m.exec(sdp)?.[1] ?? null
}

/** Bytes that still wait when the application is asked for more. */
const LOW_WATER = 262_144
