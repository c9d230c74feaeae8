import type { CryptoProvider } from '@purertc/crypto'
import type { CandidatePair } from '@purertc/ice'
import {
  ServerSignaling,
  type Signaling,
  type SignalingClient,
  type SignalingFrame,
  type SignalingHost,
  type WebSocketConstructor,
} from '@purertc/signaling-client'
import type { Candidate } from '@purertc/signaling-protocol'

import { isGiven } from '../is-given.ts'
import type { RTCConfiguration } from '../w3c/configuration.ts'
import type { RTCPeerConnection } from '../w3c/peer-connection.ts'
import type { RTCIceCandidateInit } from '../w3c/ice-candidate.ts'
import type { RTCIceServer } from '../w3c/ice-servers.ts'
import type { RTCSessionDescriptionInit } from '../w3c/session-description.ts'
import { Emitter } from './emitter.ts'
import type { PeerEvents, Security } from './events.ts'
import type { PeerOptions } from './options.ts'
import { PeerError } from './peer-error.ts'
import { PeerLink, type PeerLinkHost } from './peer-link.ts'

/** What a {@link Peer} takes from its platform. */
export interface PeerPlatform {
  readonly crypto: CryptoProvider
  /** Where `PeerOptions` have none; undefined means the global one. */
  readonly WebSocket: WebSocketConstructor | undefined
  createConnection(configuration: RTCConfiguration): RTCPeerConnection
  /** Resolves when `promise` does, or after so many milliseconds. */
  atMost(milliseconds: number, promise: Promise<void>): Promise<void>
}

/** What is the same on every platform: see the `Peer` of Node. */
export class Peer extends Emitter<PeerEvents> {
  readonly #options: PeerOptions
  readonly #platform: PeerPlatform
  readonly #signaling: Signaling
  #iceServers: readonly RTCIceServer[] = []
  #link: PeerLink | null = null
  /** The peer that the last link was to, for another one. */
  #partner: { readonly peer: string; readonly isPolite: boolean } | null = null
  #isConnecting = false
  #isClosed = false

  /** Throws PeerError `invalid-options` without `signaling` or `channel`. */
  constructor(options: PeerOptions, platform: PeerPlatform) {
    super()
    if (!isGiven(options?.signaling)) throw new PeerError('invalid-options', 'a Peer needs `signaling`')
    if (typeof options.channel !== 'string')
      throw new PeerError('invalid-options', 'a Peer needs a `channel`')
    this.#options = options
    this.#platform = platform
    this.#signaling = signalingOf(options, platform)
  }

  /** The connection of the present link, for what this class does not do. */
  get connection(): RTCPeerConnection | null {
    return this.#link?.connection ?? null
  }

  /** The signalling connection, for messages of the application's own; null where signalling is of another kind. */
  get signaling(): SignalingClient | null {
    return this.#signaling instanceof ServerSignaling ? this.#signaling.client : null
  }

  get isConnected(): boolean {
    return this.#link?.isOpen ?? false
  }

  /** The pair that data goes over. */
  get pair(): CandidatePair | null {
    return this.#link?.pair ?? null
  }

  get security(): Security | null {
    return this.#link?.security ?? null
  }

  /** Bytes that `send` took and the transport has not passed on. */
  get bufferedAmount(): number {
    return this.#link?.bufferedAmount ?? 0
  }

  /**
   * Enters the channel and links up with the peer that is there, or comes. Resolves when in the channel; `connect` is
   * told when there is a link. Called again, it restarts: finds a path anew for the link there is, or offers another
   * to the peer of the last one. Rejects with PeerError `signaling`, `already-connecting` or `closed`.
   */
  async connect(): Promise<void> {
    if (this.#isClosed) throw new PeerError('closed', 'the peer was closed')
    if (this.#isConnecting) throw new PeerError('already-connecting', 'connect() is under way')
    if (this.#link !== null) this.#link.restart()
    else if (!this.#signaling.isJoined) await this.#join()
    else if (this.#partner !== null) this.#startLink(this.#partner.peer, this.#partner.isPolite).open()
  }

  /**
   * Sends one message, which arrives as one. False: much is waiting, so wait for `drain` before sending more. Throws
   * PeerError `not-connected`, a TypeError for a message larger than the peer takes, an OperationError where 16 MiB
   * wait.
   */
  send(data: string | ArrayBuffer | ArrayBufferView): boolean {
    if (this.#link === null) throw new PeerError('not-connected', 'there is no link')
    this.#link.send(data)
    return this.#link.bufferedAmount < HIGH_WATER
  }

  /** Drops the link at once, and keeps options and signalling: `connect()` makes another. */
  clear(): void {
    const link = this.#link
    if (link === null) return
    this.#link = null
    link.close()
    this.emit('clear', undefined)
  }

  /** Lets what was sent arrive, for five seconds at most; then hangs up and gives everything back. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#link !== null) await this.#platform.atMost(FAREWELL, this.#link.finish())
    this.#signaling.bye()
    this.clear()
    await this.#platform.atMost(FAREWELL, this.#signaling.close())
  }

  async #join(): Promise<void> {
    this.#isConnecting = true
    const { channel, peer, metadata, token } = this.#options
    try {
      await this.#signaling.join(channel, { peer, metadata, token }, this.#signalingHost())
    } catch (error) {
      throw PeerError.from('signaling', error)
    } finally {
      this.#isConnecting = false
    }
  }

  #signalingHost(): SignalingHost {
    return {
      joined: ({ channel, peer, members, iceServers }) => {
        this.#iceServers = iceServers
        this.emit('joined', { peer, channel, members, iceServers })
      },
      peerJoined: (peer, role) => {
        // Of several members one is the partner; the others wait until it is gone.
        if (this.#link === null && role === 'offerer') this.#startLink(peer, false).open()
      },
      received: (from, frame) => this.#handleFrame(from, frame),
      peerLeft: (peer, reason) => this.#handleGone(peer, reason),
      iceServers: (servers) => this.#useIceServers(servers),
      rawMessage: (text) => this.emit('rawMessage', text),
      interrupted: (isOver) => this.emit('interrupted', { isOver }),
      failed: (error) => this.emit('error', PeerError.from('signaling', error)),
      closed: (code, reason) => this.emit('disconnect', { code, reason }),
    }
  }

  #handleFrame(from: string, frame: SignalingFrame): void {
    if (frame.type === 'description') this.#handleDescription(from, frame.description)
    else if (this.#link?.peer !== from) return
    else if (frame.type === 'candidate') this.#link.handleCandidate(frame.candidate)
    else this.#link.renegotiate(frame.restart === true)
  }

  /** Credentials that were renewed: for the next path of the link there is, and for the next link. */
  #useIceServers(servers: readonly RTCIceServer[]): void {
    this.#iceServers = servers
    this.#link?.useIceServers(this.#allIceServers)
  }

  get #allIceServers(): readonly RTCIceServer[] {
    return [...(this.#options.iceServers ?? []), ...this.#iceServers]
  }

  #handleDescription(from: string, description: RTCSessionDescriptionInit): void {
    if (this.#isClosed) return
    const link = this.#link
    if (link !== null && link.peer !== from) return
    if (link !== null && description.type === 'offer' && link.isOtherSession(description)) this.clear()
    if (this.#link === null && description.type !== 'offer') return
    const current = this.#link ?? this.#startLink(from, true)
    current.handleDescription(description)
  }

  #handleGone(peer: string, reason: 'hangup' | 'left'): void {
    const link = this.#link
    if (link?.peer !== peer) return
    this.emit('remoteDisconnect', { peer, reason })
    this.#decideToDrop(peer)
      .then((drops) => {
        if (drops && this.#link === link) this.clear()
      })
      .catch((error: unknown) => this.emit('error', PeerError.from('signaling', error)))
  }

  async #decideToDrop(peer: string): Promise<boolean> {
    return (await this.#options.decide?.remoteDisconnect?.(peer)) ?? true
  }

  #startLink(peer: string, isPolite: boolean): PeerLink {
    const servers = this.#allIceServers
    this.#partner = { peer, isPolite }
    const link = new PeerLink(
      peer,
      isPolite,
      servers,
      this.#options,
      this.#platform.crypto,
      this.#linkHost(peer),
    )
    this.#link = link
    return link
  }

  #linkHost(peer: string): PeerLinkHost {
    const signaling = this.#signaling
    return {
      createConnection: (configuration) => this.#platform.createConnection(configuration),
      sendDescription: (description) => {
        const { type, sdp = '' } = description
        if (type !== 'offer' && type !== 'answer') return
        signaling.send({ type: 'description', description: { type, sdp } }, peer)
        this.emit('localDescription', description)
      },
      sendCandidate: (candidate) => {
        signaling.send({ type: 'candidate', candidate: candidate && plainCandidate(candidate) }, peer)
        this.emit('localCandidate', candidate)
      },
      remoteDescription: (description) => this.emit('remoteDescription', description),
      remoteCandidate: (candidate) => this.emit('remoteCandidate', candidate),
      pairNominated: (pair) => this.emit('candidatePairNominated', pair),
      candidateError: (error) => this.emit('candidateError', error),
      pairFailed: (pair, reason) => this.emit('candidatePairFailed', { pair, reason }),
      secured: (security) => this.emit('secured', security),
      opened: (mode, security) => this.emit('connect', { peer, mode, pair: this.pair, security }),
      message: (data) => this.emit('message', data),
      drained: () => this.emit('drain', undefined),
      failed: (error) => this.emit('error', error),
      ended: (reason) => {
        if (reason === 'remote') this.emit('remoteDisconnect', { peer, reason: 'link' })
        this.clear()
      },
    }
  }
}

function signalingOf(options: PeerOptions, platform: PeerPlatform): Signaling {
  const { signaling, reconnect } = options
  if (typeof signaling !== 'string' && 'join' in signaling) return signaling
  const WebSocket = options.WebSocket ?? platform.WebSocket
  return new ServerSignaling({
    url: signaling,
    ...(WebSocket && { WebSocket }),
    ...(reconnect !== undefined && { reconnect }),
  })
}

function plainCandidate(init: RTCIceCandidateInit): Candidate {
  const { candidate = '', sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = init
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment }
}

/** Bytes that may wait before `send` asks for a break. */
const HIGH_WATER = 1_048_576

/** Milliseconds that a farewell may take. */
const FAREWELL = 5_000
