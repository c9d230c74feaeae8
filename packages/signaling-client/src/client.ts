import type {
  Candidate,
  ClientFrame,
  Description,
  IceServer,
  Json,
  ServerFrame,
  ServerFrameOf,
  subprotocol,
} from '@purertc/signaling-protocol'

import { SignalingClientError } from './client-error.ts'
import { Emitter } from './emitter.ts'
import type { SignalingClientEvents } from './events.ts'
import { readServerFrame } from './read-frame.ts'
import { Requests } from './requests.ts'
import { platformScheduler, type Scheduler } from './scheduler.ts'
import { platformWebSocket, type WebSocketConstructor, type WebSocketLike } from './web-socket.ts'

export interface SignalingClientOptions {
  /** `ws:` or `wss:` */
  readonly url: string | URL
  /** The WebSocket class; by default the platform's. On Node 20: the one of `ws`. */
  readonly WebSocket?: WebSocketConstructor
  /** Milliseconds that an answer may take, 10,000 by default; `Infinity` waits for ever. */
  readonly timeout?: number
  /** Timers for that limit; the platform's by default. */
  readonly scheduler?: Scheduler
}

/** How to enter a channel. */
export interface JoinOptions {
  /** The name to be known by; the server makes one up without it. */
  readonly peer?: string | undefined
  /** Shown to the other members; at most 4,096 characters as JSON. */
  readonly metadata?: Json | undefined
  /** Shown to the server's access control only. */
  readonly token?: string | undefined
}

/** Whom a message is for; all others of the channel by default. */
export interface Audience {
  /** This one only. */
  readonly to?: string | undefined
  /** All but this one. */
  readonly except?: string | undefined
}

/** `RTCIceCandidateInit` of the W3C, or an `RTCIceCandidate`. */
export interface CandidateInit {
  readonly candidate: string
  readonly sdpMid?: string | null | undefined
  readonly sdpMLineIndex?: number | null | undefined
  readonly usernameFragment?: string | null | undefined
}

export type SignalingClientState = 'closed' | 'connecting' | 'open'

/**
 * A client of a signalling server, for browsers and Node.
 *
 * @example
 * const client = new SignalingClient({ url: 'wss://app.example/signaling' })
 * client.on('peerJoined', ({ peer, role }) => { if (role === 'offerer') void offerTo(peer) })
 * client.on('description', ({ from, description }) => { … })
 * const { iceServers } = await client.connect()
 * const { peer, members } = await client.join('room')
 */
export class SignalingClient extends Emitter<SignalingClientEvents> {
  readonly #options: SignalingClientOptions
  readonly #requests: Requests
  #socket: WebSocketLike | undefined
  #state: SignalingClientState = 'closed'
  #joined: ServerFrameOf<'joined'> | undefined
  #iceServers: readonly IceServer[] = []
  #failure: unknown
  #whenClosed: (() => void)[] = []

  constructor(options: SignalingClientOptions) {
    super()
    this.#options = options
    this.#requests = new Requests(options.scheduler ?? platformScheduler, options.timeout ?? 10_000)
  }

  get state(): SignalingClientState {
    return this.#state
  }

  /** The channel this client is in. */
  get channel(): string | undefined {
    return this.#joined?.channel
  }

  /** The name it has there. */
  get peer(): string | undefined {
    return this.#joined?.peer
  }

  /** The STUN and TURN servers of the last `welcome`. */
  get iceServers(): IceServer[] {
    return [...this.#iceServers]
  }

  /**
   * Opens a connection, and resolves when the server has greeted it. Rejects with {@link SignalingClientError}
   * `connect-failed`, `timeout`, `closed`, `no-websocket` or `already-connected`. After a `close` it may be called
   * again.
   */
  async connect(): Promise<ServerFrameOf<'welcome'>> {
    if (this.#socket !== undefined)
      throw new SignalingClientError('already-connected', 'close the connection first')
    const WebSocket = this.#options.WebSocket ?? platformWebSocket()
    if (WebSocket === undefined) throw new SignalingClientError('no-websocket', 'give a WebSocket class')

    const socket = openSocket(WebSocket, this.#options.url)
    this.#socket = socket
    this.#state = 'connecting'
    this.#failure = undefined
    socket.onmessage = (event: { readonly data: unknown }) => this.#receive(socket, event.data)
    socket.onerror = (event: { readonly error?: unknown }) => (this.#failure = event.error)
    socket.onclose = (event: { readonly code: number; readonly reason: string }) =>
      this.#finish(socket, event)
    try {
      return await this.#requests.await(GREETING, 'welcome')
    } catch (error) {
      void this.close()
      throw error
    }
  }

  /**
   * Enters a channel. Listeners must be in place: what a peer said before comes right after the answer. Rejects with
   * the server's `join-refused`, `peer-taken`, `channel-full`, `too-many-channels` or `already-joined`.
   */
  join(channel: string, options: JoinOptions = {}): Promise<ServerFrameOf<'joined'>> {
    return this.#request('joined', { type: 'join', channel, ...options })
  }

  /** Goes out of the channel and stays connected. */
  async leave(): Promise<void> {
    await this.#request('left', { type: 'leave' })
  }

  /** To one peer, or to all. False when this client is in no channel, and nothing was sent. */
  sendDescription(description: Description, to?: string): boolean {
    const { type, sdp } = description
    return this.#say({ type: 'description', description: { type, sdp }, to })
  }

  /** To one peer, or to all; `null` is the end of candidates. An `RTCIceCandidate` is taken as it is. */
  sendCandidate(candidate: CandidateInit | null, to?: string): boolean {
    return this.#say({ type: 'candidate', candidate: candidate && plainCandidate(candidate), to })
  }

  /**
   * Sends anything to all others, to one, or to all but one. Resolves with whether and to how many it was
   * delivered; who does not care may let the promise go.
   */
  sendMessage(data: Json, audience: Audience = {}): Promise<ServerFrameOf<'delivered'>> {
    const { to, except } = audience
    const answer =
      this.#joined === undefined
        ? Promise.reject(new SignalingClientError('not-joined', 'join a channel first'))
        : this.#request('delivered', { type: 'message', data, to, except })
    // A promise that nobody looks at must not end a Node process; who awaits it still sees it reject.
    answer.catch(() => undefined)
    return answer
  }

  /** Hangs up: the others get `remoteClose`, and the server may end the session. False when in no channel. */
  bye(): boolean {
    return this.#say({ type: 'bye' })
  }

  /** Resolves when the server answers: proof that the connection lives. */
  async ping(): Promise<void> {
    await this.#request('pong', { type: 'ping' })
  }

  /** Closes the connection; resolves when it is closed. The client may be connected again. */
  close(code = 1000, reason = ''): Promise<void> {
    const socket = this.#socket
    if (socket === undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve)
      socket.close(code, reason)
    })
  }

  #request<Type extends ServerFrame['type']>(type: Type, frame: ClientFrame): Promise<ServerFrameOf<Type>> {
    const socket = this.#socket
    if (socket === undefined || this.#state !== 'open')
      return Promise.reject(new SignalingClientError('not-connected', 'connect first'))
    return this.#requests.start(type, (id) => socket.send(JSON.stringify({ ...frame, id })))
  }

  #say(frame: ClientFrame): boolean {
    if (this.#joined === undefined) return false
    this.#socket?.send(JSON.stringify(frame))
    return true
  }

  #receive(socket: WebSocketLike, data: unknown): void {
    if (socket !== this.#socket) return
    if (typeof data === 'string') this.emit('rawMessage', data)
    const frame = typeof data === 'string' ? readServerFrame(data) : null
    if (frame === null)
      this.emit('error', new SignalingClientError('bad-frame', 'the server sent what is no frame'))
    else if (frame !== 'unknown') this.#handle(socket, frame)
  }

  #handle(socket: WebSocketLike, frame: ServerFrame): void {
    if (frame.type === 'welcome') this.#greet(socket, frame)
    if (frame.type === 'joined') this.#joined = frame
    if (frame.type === 'left') this.#joined = undefined
    const isAnswer = 'id' in frame && frame.id !== undefined && this.#requests.settle(frame.id, frame)
    this.#tell(frame, isAnswer)
  }

  #greet(socket: WebSocketLike, frame: ServerFrameOf<'welcome'>): void {
    if (socket.protocol !== SUBPROTOCOL) {
      const error = new SignalingClientError('connect-failed', `the server does not speak ${SUBPROTOCOL}`)
      this.#requests.fail(GREETING, error)
      return
    }
    this.#state = 'open'
    this.#iceServers = frame.iceServers
    this.#requests.settle(GREETING, frame)
  }

  #tell(frame: ServerFrame, isAnswer: boolean): void {
    if (frame.type === 'peer-joined') this.emit('peerJoined', frame)
    else if (frame.type === 'peer-left') this.emit('peerLeft', frame)
    else if (frame.type === 'remote-close') this.emit('remoteClose', frame)
    else if (frame.type === 'delivered') {
      if (!isAnswer && !frame.delivered) this.emit('undelivered', { to: frame.to })
    } else if (frame.type === 'error') {
      if (!isAnswer) this.emit('error', SignalingClientError.fromServer(frame.code, frame.message))
    } else if (frame.type !== 'pong') this.emit(frame.type, frame)
  }

  #finish(socket: WebSocketLike, { code, reason }: { readonly code: number; readonly reason: string }): void {
    if (socket !== this.#socket) return
    const wasOpen = this.#state === 'open'
    const waiting = this.#whenClosed
    this.#socket = undefined
    this.#state = 'closed'
    this.#joined = undefined
    this.#whenClosed = []
    const fault = wasOpen ? 'closed' : 'connect-failed'
    const text = wasOpen ? `the connection closed with ${code}` : `no connection (${code})`
    this.#requests.failAll(new SignalingClientError(fault, text, { cause: this.#failure }))
    for (const resolve of waiting) resolve()
    this.emit('close', { code, reason })
  }
}

function openSocket(WebSocket: WebSocketConstructor, url: string | URL): WebSocketLike {
  try {
    return new WebSocket(String(url), [SUBPROTOCOL])
  } catch (cause) {
    throw new SignalingClientError('connect-failed', 'the URL was not taken', { cause })
  }
}

/** The fields that the protocol knows, of an object that may be an `RTCIceCandidate` with all of its getters. */
function plainCandidate(init: CandidateInit): Candidate {
  const { candidate, sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = init
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment }
}

/** The number under which `connect` waits; requests count from 1. */
const GREETING = 0
/** Its type is the protocol's constant: another text would not compile. */
const SUBPROTOCOL: typeof subprotocol = 'v1.signaling.purertc'
