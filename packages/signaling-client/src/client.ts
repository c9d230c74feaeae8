import type {
  Candidate,
  Description,
  IceServer,
  Json,
  RelayedFrame,
  ServerFrameOf,
} from '@purertc/signaling-protocol'

import { writeBinaryFrame } from './binary-frame.ts'
import { SignalingClientError } from './client-error.ts'
import { Emitter } from './emitter.ts'
import type { SignalingClientEvents } from './events.ts'
import type {
  Audience,
  CandidateInit,
  JoinOptions,
  SignalingClientOptions,
  SignalingClientState,
} from './options.ts'
import { refusalOf, type Wire } from './sent-frames.ts'
import { GREETING, Session } from './session.ts'

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
  readonly #signal: AbortSignal | undefined
  readonly #session: Session
  readonly #abort = (): void => void this.close()

  constructor(options: SignalingClientOptions) {
    super()
    this.#signal = options.signal
    this.#session = new Session(options, (name, event) => {
      // A signal that many clients share shall not keep those that are closed.
      if (name === 'close') this.#signal?.removeEventListener('abort', this.#abort)
      this.emit(name, event)
    })
  }

  get state(): SignalingClientState {
    return this.#session.state
  }

  /** The channel this client is in. */
  get channel(): string | undefined {
    return this.#session.membership?.joined?.channel
  }

  /** The name it has there. */
  get peer(): string | undefined {
    return this.#session.membership?.joined?.peer
  }

  /** The STUN and TURN servers that the server told of last. */
  get iceServers(): IceServer[] {
    return [...this.#session.iceServers]
  }

  /**
   * Opens a connection, and resolves when the server has greeted it. Rejects with {@link SignalingClientError}
   * `connect-failed`, `timeout`, `closed`, `no-websocket` or `already-connected`, or with the signal's reason. After a
   * `close` it may be called again.
   */
  async connect({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ServerFrameOf<'welcome'>> {
    signal?.throwIfAborted()
    this.#signal?.throwIfAborted()
    this.#session.open()
    this.#signal?.addEventListener('abort', this.#abort)
    try {
      return await this.#session.requests.await(GREETING, 'welcome', { signal })
    } catch (error) {
      this.#session.drop()
      throw error
    }
  }

  /**
   * Enters a channel. Listeners must be in place: what a peer said before comes right after the answer. Rejects with
   * the server's `join-refused`, `unauthenticated`, `peer-taken`, `channel-full`, `too-many-channels` or
   * `already-joined`, with `too-large`, with the signal's reason, or with what the token function threw.
   */
  async join(channel: string, options: JoinOptions = {}): Promise<ServerFrameOf<'joined'>> {
    const { signal } = options
    const session = this.#session
    const { requests, reconnects: survives } = session
    signal?.throwIfAborted()
    if (session.state !== 'open') throw new SignalingClientError('not-connected', 'connect first')
    if (session.membership !== undefined)
      throw SignalingClientError.fromServer('already-joined', 'leave the channel first')
    const membership = session.newMembership(channel, options)
    const frame = JSON.stringify(membership.joinFrame(survives))
    const refusal = refusalOf(frame)
    if (refusal !== null) throw refusal
    const answer = requests.await(membership.joinId, 'joined', { survives, signal })
    session.enter(membership, frame)
    try {
      return await answer
    } catch (error) {
      const isOurs = error instanceof SignalingClientError && error.code === 'timeout'
      session.abandon(membership, !isOurs && error !== signal?.reason)
      throw error
    }
  }

  /** Goes out of the channel and stays connected. */
  async leave(): Promise<void> {
    const { membership, requests, reconnects, state } = this.#session
    if (membership === undefined || state === 'closed')
      throw new SignalingClientError(state === 'closed' ? 'not-connected' : 'not-joined', 'join first')
    const id = requests.newId()
    membership.leaving = id
    const answer = requests.await(id, 'left', { survives: reconnects })
    if (state === 'open') this.#session.send({ type: 'leave', id })
    await answer
  }

  /**
   * To one peer, or to all. False when this client is in no channel, too much waits, or it is longer than a frame may be, and
   * nothing was sent.
   */
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
   * `timeout`, `closed`; or where it was not sent: `not-joined`, `too-much`, or `too-large` for what makes more than 262,144
   * bytes.
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
    const { requests, state } = this.#session
    if (state !== 'open') throw new SignalingClientError('not-connected', 'connect first')
    const id = requests.newId()
    const answer = requests.await(id, 'pong')
    this.#session.send({ type: 'ping', id })
    await answer
  }

  /** Closes the connection for good; resolves when it is closed. The client may be connected again. */
  close(code = 1000, reason = ''): Promise<void> {
    return this.#session.close(code, reason)
  }

  /** Says something that wants no answer. */
  #say(frame: RelayedFrame | { readonly type: 'bye' }): boolean {
    const { membership } = this.#session
    if (membership?.joined === undefined) return false
    const wire = membership.sent.push((n) => JSON.stringify({ ...frame, n }))
    if (wire instanceof SignalingClientError) return false
    this.#session.transmit(wire)
    return true
  }

  async #ask(make: (n: number, id: number) => Wire): Promise<ServerFrameOf<'delivered'>> {
    const { membership, requests } = this.#session
    if (membership?.joined === undefined) throw new SignalingClientError('not-joined', 'join a channel first')
    const id = requests.newId()
    const wire = membership.sent.push((n) => make(n, id), id)
    if (wire instanceof SignalingClientError) throw wire
    const answer = requests.await(id, 'delivered', { survives: true })
    this.#session.transmit(wire)
    return answer
  }
}

/** The fields that the protocol knows, of an object that may be an `RTCIceCandidate` with all of its getters. */
function plainCandidate(init: CandidateInit): Candidate {
  const { candidate, sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = init
  return { candidate, sdpMid, sdpMLineIndex, usernameFragment }
}
