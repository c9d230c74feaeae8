import type {
  Candidate,
  ClientFrame,
  Description,
  IceServer,
  Json,
  RelayedFrame,
  ServerFrame,
  ServerFrameOf,
} from '@purertc/signaling-protocol'

import { readBinaryFrame, writeBinaryFrame } from './binary-frame.ts'
import { SignalingClientError } from './client-error.ts'
import { type CloseInfo, Connector } from './connector.ts'
import { Emitter } from './emitter.ts'
import type { SignalingClientEvents } from './events.ts'
import { Membership } from './membership.ts'
import type {
  Audience,
  CandidateInit,
  JoinOptions,
  SignalingClientOptions,
  SignalingClientState,
} from './options.ts'
import { platformRandom, platformScheduler } from './platform.ts'
import { readServerFrame } from './read-frame.ts'
import { Requests } from './requests.ts'
import type { Wire } from './sent-frames.ts'

/**
 * A client of a signalling server, for browsers and Node. When its connection breaks, it opens another one and goes on
 * where it was: what was said meanwhile, in both directions, arrives once and in order.
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
  readonly #connector: Connector
  #state: SignalingClientState = 'closed'
  #session = ''
  #membership: Membership | undefined
  #iceServers: readonly IceServer[] = []
  #whenClosed: (() => void)[] = []
  #moving: unknown

  constructor(options: SignalingClientOptions) {
    super()
    const { scheduler = platformScheduler, timeout = 10_000, signal } = options
    this.#options = options
    this.#requests = new Requests(scheduler, timeout, (id) =>
      this.#membership?.sent.withdraw(id, this.#state === 'open'),
    )
    this.#connector = new Connector(options, {
      received: (data) => this.#receive(data),
      quiet: () => {
        if (this.#state === 'open') this.#send({ type: 'ping' })
      },
      broken: (event, retryIn, cause) => this.#handleBreak(event, retryIn, cause),
    })
    signal?.addEventListener('abort', () => void this.close(), { once: true })
  }

  get state(): SignalingClientState {
    return this.#state
  }

  /** The channel this client is in. */
  get channel(): string | undefined {
    return this.#membership?.joined?.channel
  }

  /** The name it has there. */
  get peer(): string | undefined {
    return this.#membership?.joined?.peer
  }

  /** The STUN and TURN servers that the server told of last. */
  get iceServers(): IceServer[] {
    return [...this.#iceServers]
  }

  /**
   * Opens a connection, and resolves when the server has greeted it. Rejects with {@link SignalingClientError}
   * `connect-failed`, `timeout`, `closed`, `no-websocket` or `already-connected`, or with the signal's reason. After a
   * `close` it may be called again.
   */
  async connect({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ServerFrameOf<'welcome'>> {
    signal?.throwIfAborted()
    this.#options.signal?.throwIfAborted()
    if (this.#connector.isActive)
      throw new SignalingClientError('already-connected', 'close the connection first')
    this.#connector.open()
    this.#state = 'connecting'
    const abort = (): void => this.#requests.fail(GREETING, signal?.reason as Error)
    signal?.addEventListener('abort', abort)
    try {
      return await this.#requests.await(GREETING, 'welcome')
    } catch (error) {
      void this.close()
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /**
   * Enters a channel. Listeners must be in place: what a peer said before comes right after the answer. Rejects with
   * the server's `join-refused`, `unauthenticated`, `peer-taken`, `channel-full`, `too-many-channels` or
   * `already-joined`, or with the signal's reason.
   */
  async join(channel: string, options: JoinOptions = {}): Promise<ServerFrameOf<'joined'>> {
    const { signal } = options
    signal?.throwIfAborted()
    if (this.#state !== 'open') throw new SignalingClientError('not-connected', 'connect first')
    if (this.#membership !== undefined)
      throw SignalingClientError.fromServer('already-joined', 'leave the channel first')
    const id = this.#requests.newId()
    const membership = new Membership(channel, options, id, this.#session)
    this.#membership = membership
    const answer = this.#requests.await(id, 'joined', this.#reconnects)
    const abort = (): void => {
      this.#requests.fail(id, signal?.reason as Error)
      this.#send({ type: 'leave' })
    }
    signal?.addEventListener('abort', abort)
    this.#send(membership.joinFrame(this.#reconnects))
    try {
      return await answer
    } catch (error) {
      if (this.#membership === membership && membership.joined === undefined) this.#membership = undefined
      throw error
    } finally {
      signal?.removeEventListener('abort', abort)
    }
  }

  /** Goes out of the channel and stays connected. */
  async leave(): Promise<void> {
    const membership = this.#membership
    if (membership === undefined || this.#state === 'closed')
      throw new SignalingClientError(this.#state === 'closed' ? 'not-connected' : 'not-joined', 'join first')
    const id = this.#requests.newId()
    membership.leaving = id
    const answer = this.#requests.await(id, 'left', this.#reconnects)
    if (this.#state === 'open') this.#send({ type: 'leave', id })
    await answer
  }

  /** To one peer, or to all. False when this client is in no channel or too much waits, and nothing was sent. */
  sendDescription(description: Description, to?: string): boolean {
    const { type, sdp } = description
    return this.#say({ type: 'description', description: { type, sdp }, to })
  }

  /** To one peer, or to all; `null` is the end of candidates. An `RTCIceCandidate` is taken as it is. */
  sendCandidate(candidate: CandidateInit | null, to?: string): boolean {
    return this.#say({ type: 'candidate', candidate: candidate && plainCandidate(candidate), to })
  }

  /** Asks a peer, or all, to make another offer; with `restart`, for a new path. */
  sendRenegotiate(to?: string, restart?: boolean): boolean {
    return this.#say({ type: 'renegotiate', restart, to })
  }

  /**
   * Sends anything to all others, to one, or to all but one; bytes arrive as a `binary` event. Resolves with whether and
   * to how many it was delivered; who does not care may let the promise go. Rejects where that is not known: `lost`,
   * `timeout`, `closed`; or where it was not sent: `not-joined`, `too-much`.
   */
  sendMessage(data: Json | Uint8Array, audience: Audience = {}): Promise<ServerFrameOf<'delivered'>> {
    const { to, except } = audience
    const answer = this.#ask((n, id) =>
      data instanceof Uint8Array
        ? writeBinaryFrame({ type: 'message', to, except, n, id }, data)
        : JSON.stringify({ type: 'message', data, to, except, n, id }),
    )
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
    if (this.#state !== 'open') throw new SignalingClientError('not-connected', 'connect first')
    const id = this.#requests.newId()
    const answer = this.#requests.await(id, 'pong')
    this.#send({ type: 'ping', id })
    await answer
  }

  /** Closes the connection for good; resolves when it is closed. The client may be connected again. */
  close(code = 1000, reason = ''): Promise<void> {
    if (!this.#connector.isActive) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve)
      this.#connector.close(code, reason)
    })
  }

  get #reconnects(): boolean {
    return this.#options.reconnect !== false
  }

  #send(frame: ClientFrame): void {
    this.#connector.send(JSON.stringify(frame))
  }

  /** Says something that wants no answer. */
  #say(frame: RelayedFrame | { readonly type: 'bye' }): boolean {
    const membership = this.#membership
    if (membership?.joined === undefined) return false
    return this.#transmit(membership.sent.push((n) => JSON.stringify({ ...frame, n })))
  }

  #ask(make: (n: number, id: number) => Wire): Promise<ServerFrameOf<'delivered'>> {
    const membership = this.#membership
    if (membership?.joined === undefined)
      return Promise.reject(new SignalingClientError('not-joined', 'join a channel first'))
    const id = this.#requests.newId()
    const wire = membership.sent.push((n) => make(n, id), id)
    if (wire === null)
      return Promise.reject(new SignalingClientError('too-much', 'too much waits for the server'))
    const answer = this.#requests.await(id, 'delivered', true)
    this.#transmit(wire)
    return answer
  }

  /** Now, or when the session is resumed. */
  #transmit(wire: Wire | null): boolean {
    if (wire !== null && this.#state === 'open') this.#connector.send(wire)
    return wire !== null
  }

  #receive(data: unknown): void {
    if (typeof data !== 'string') {
      this.#receiveBinary(data)
      return
    }
    this.emit('rawMessage', data)
    const frame = readServerFrame(data)
    if (frame === null) this.#complain()
    else if (frame !== 'unknown') this.#handle(frame)
  }

  #receiveBinary(data: unknown): void {
    const bytes =
      data instanceof ArrayBuffer ? new Uint8Array(data) : data instanceof Uint8Array ? data : null
    const message = bytes && readBinaryFrame(bytes)
    if (message === null) this.#complain()
    else if (this.#isNew(message.seq)) this.emit('binary', message)
  }

  #complain(): void {
    this.emit('error', new SignalingClientError('bad-frame', 'the server sent what is no frame'))
  }

  #handle(frame: ServerFrame): void {
    const seq = 'seq' in frame ? frame.seq : undefined
    if (frame.type === 'welcome') this.#greet(frame)
    else if (frame.type === 'ice-servers') this.#iceServers = frame.iceServers
    else if (frame.type === 'joined') this.#membership?.enter(frame)
    else if (seq !== undefined && !this.#isNew(seq)) return
    if (frame.type === 'left') this.#membership = undefined
    if (frame.type === 'ack') this.#membership?.sent.acknowledge(frame.n)
    if (frame.type === 'drain') this.#moveWithin(frame.within)
    const id = 'id' in frame ? frame.id : undefined
    if (id !== undefined) this.#membership?.sent.answered(id)
    const isAnswer = id !== undefined && this.#requests.settle(id, frame)
    this.#tell(frame, isAnswer)
  }

  /** Counts an event of the channel; false for one that came before. */
  #isNew(seq: number): boolean {
    const membership = this.#membership
    if (membership === undefined) return true
    if (membership.hear(seq) && this.#reconnects) this.#send({ type: 'ack', seq })
    return membership.isNew
  }

  #greet(frame: ServerFrameOf<'welcome'>): void {
    if (!this.#connector.isOurProtocol) {
      const error = new SignalingClientError('connect-failed', 'the server speaks another protocol')
      this.#requests.fail(GREETING, error)
      return
    }
    this.#iceServers = frame.iceServers
    this.#session = frame.session
    if (this.#membership === undefined) this.#settle()
    else void this.#resume(this.#membership)
    this.#requests.settle(GREETING, frame)
  }

  /** The client is where it wants to be. */
  #settle(): void {
    this.#state = 'open'
    this.#connector.established()
  }

  async #resume(membership: Membership): Promise<void> {
    const id = this.#requests.newId()
    const answer = this.#requests.await(id, 'resumed')
    this.#send(membership.resumeFrame(id))
    try {
      await answer
    } catch (error) {
      if (this.#membership === membership && error instanceof SignalingClientError)
        this.#lose(membership, error)
    }
  }

  #resumed(frame: ServerFrameOf<'resumed'>): void {
    const membership = this.#membership
    if (membership === undefined) return
    this.#session = membership.session
    membership.sent.acknowledge(frame.received)
    this.#settle()
    for (const wire of membership.sent.wires) this.#connector.send(wire)
    if (membership.leaving !== undefined) this.#send({ type: 'leave', id: membership.leaving })
  }

  /** The session is gone at the server: what had no answer is failed, and the channel joined anew. */
  #lose(membership: Membership, { code }: SignalingClientError): void {
    if (code === 'closed') return
    if (code === 'timeout' || code === 'unavailable') {
      this.#connector.move('no answer')
      return
    }
    const { channel, leaving, joinId, joined } = membership
    const isJoining = this.#requests.has(joinId)
    this.#membership = undefined
    this.#settle()
    for (const id of membership.sent.open)
      this.#requests.fail(id, new SignalingClientError('lost', 'the session could not be resumed'))
    if (leaving !== undefined) {
      this.#requests.settle(leaving, { type: 'left', channel, reason: 'leave' })
      return
    }
    if (!isJoining) this.emit('lost', { channel, peer: joined?.peer })
    // A listener may have done something of its own.
    if (this.#membership === undefined && this.#state === 'open') this.#joinAnew(membership, isJoining)
  }

  #joinAnew(old: Membership, isJoining: boolean): void {
    const membership = old.again(isJoining ? old.joinId : this.#requests.newId(), this.#session)
    this.#membership = membership
    this.#send(membership.joinFrame(true))
    if (isJoining) return
    this.#requests.await(membership.joinId, 'joined', true).catch((error: unknown) => {
      if (this.#membership === membership) this.#membership = undefined
      if (this.#state !== 'closed') this.emit('error', error as SignalingClientError)
    })
  }

  #moveWithin(within: number): void {
    const { scheduler = platformScheduler, random = platformRandom } = this.#options
    if (!this.#reconnects) return
    scheduler.clear(this.#moving)
    // Before the last moment, when the server closes.
    this.#moving = scheduler.set(() => this.#connector.move('drained', 0), random() * within * 0.8)
  }

  #tell(frame: ServerFrame, isAnswer: boolean): void {
    if (frame.type === 'resumed') this.#resumed(frame)
    if (frame.type === 'peer-joined') this.emit('peerJoined', frame)
    else if (frame.type === 'peer-left') this.emit('peerLeft', frame)
    else if (frame.type === 'remote-close') this.emit('remoteClose', frame)
    else if (frame.type === 'ice-servers') this.emit('iceServers', frame)
    else if (frame.type === 'delivered') {
      // One with a number that nobody waits for was answered before the connection broke.
      if (frame.id === undefined && !frame.delivered) this.emit('undelivered', { to: frame.to })
    } else if (frame.type === 'error') {
      if (!isAnswer) this.emit('error', SignalingClientError.fromServer(frame.code, frame.message))
    } else if (frame.type !== 'pong' && frame.type !== 'ack') this.emit(frame.type, frame)
  }

  #handleBreak(event: CloseInfo, retryIn: number | null, cause: unknown): void {
    const { scheduler = platformScheduler } = this.#options
    scheduler.clear(this.#moving)
    const wasOpen = this.#state !== 'connecting'
    const fault = wasOpen ? 'closed' : 'connect-failed'
    const text = wasOpen ? `the connection closed with ${event.code}` : `no connection (${event.code})`
    const error = new SignalingClientError(fault, text, { cause })
    if (retryIn === null) {
      const waiting = this.#whenClosed
      this.#state = 'closed'
      this.#whenClosed = []
      this.#requests.failAll(error)
      this.#membership = undefined
      for (const resolve of waiting) resolve()
      this.emit('close', event)
    } else {
      this.#state = 'reconnecting'
      this.#requests.failAll(error, false)
      this.emit('reconnecting', { attempt: this.#connector.attempt, delay: retryIn, code: event.code })
    }
  }
}

/** The fields that the protocol knows, of an object that may be an `RTCIceCandidate` with all of its getters. */
function plainCandidate(init: CandidateInit): Candidate {
  const { candidate, sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = init
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment }
}

/** The number under which `connect` waits; requests count from 1. */
const GREETING = 0
