import type { ClientFrame, IceServer, ServerFrame, ServerFrameOf } from '@purertc/signaling-protocol'

import { readBinaryFrame } from './binary-frame.ts'
import { SignalingClientError } from './client-error.ts'
import { type CloseInfo, Connector } from './connector.ts'
import { Membership } from './membership.ts'
import type { JoinOptions, SignalingClientOptions, SignalingClientState } from './options.ts'
import { platformRandom, platformScheduler } from './platform.ts'
import { readServerFrame } from './read-frame.ts'
import { Requests } from './requests.ts'
import type { Wire } from './sent-frames.ts'
import { type Tell, tellOfFrame } from './tell.ts'

/**
 * What a client is to its server, over one connection after another: what comes is put in its place and told, and what
 * breaks is resumed, or else joined anew. `docs/signaling-protocol.md`, Sessions.
 */
export class Session {
  readonly requests: Requests
  readonly #options: SignalingClientOptions
  readonly #tell: Tell
  readonly #connector: Connector
  #state: SignalingClientState = 'closed'
  /** The secret that the present connection's session is resumed by. */
  #secret = ''
  #membership: Membership | undefined
  #iceServers: readonly IceServer[] = []
  #whenClosed: (() => void)[] = []
  #moving: unknown

  constructor(options: SignalingClientOptions, tell: Tell) {
    const { scheduler = platformScheduler, timeout = 10_000 } = options
    this.#options = options
    this.#tell = tell
    this.requests = new Requests(scheduler, timeout, (id) =>
      this.#membership?.sent.withdraw(id, this.#state === 'open'),
    )
    this.#connector = new Connector(options, {
      received: (data) => this.#receive(data),
      quiet: () => {
        if (this.#state === 'open') this.send({ type: 'ping' })
      },
      broken: (event, retryIn, cause) => this.#handleBreak(event, retryIn, cause),
    })
  }

  get state(): SignalingClientState {
    return this.#state
  }

  get membership(): Membership | undefined {
    return this.#membership
  }

  get iceServers(): readonly IceServer[] {
    return this.#iceServers
  }

  get reconnects(): boolean {
    return this.#options.reconnect !== false
  }

  /** Opens the first connection; the request {@link GREETING} waits for the answer. */
  open(): void {
    if (this.#connector.isActive)
      throw new SignalingClientError('already-connected', 'close the connection first')
    this.#connector.open()
    this.#state = 'connecting'
  }

  /** Over the present connection, without care for what becomes of it. */
  send(frame: ClientFrame): void {
    this.#connector.send(JSON.stringify(frame))
  }

  /** A numbered frame: now, or when the session is resumed. */
  transmit(wire: Wire): void {
    if (this.#state === 'open') this.#connector.send(wire)
  }

  /** A place in a channel that is yet to be asked for. */
  newMembership(channel: string, options: JoinOptions): Membership {
    return new Membership(channel, options, this.requests.newId(), this.#secret)
  }

  /** Asks for it, by a `join` frame. */
  enter(membership: Membership, frame: string): void {
    this.#membership = membership
    this.#connector.send(frame)
  }

  /** Nobody waits for this join any more; the server may have refused it, or not know of it yet. */
  abandon(membership: Membership, isRefused: boolean): void {
    if (this.#membership !== membership || membership.joined !== undefined) return
    // Over the next connection, where it may come through.
    if (this.#state === 'reconnecting') membership.leaving = this.requests.newId()
    else this.#membership = undefined
    if (this.#state === 'open' && !isRefused) this.send({ type: 'leave' })
  }

  close(code: number, reason: string): Promise<void> {
    if (!this.#connector.isActive) return Promise.resolve()
    return new Promise((resolve) => {
      this.#whenClosed.push(resolve)
      this.#connector.close(code, reason)
    })
  }

  /** Leaves a connection that did not come about. */
  drop(): void {
    this.#connector.drop(1000, '')
  }

  #receive(data: unknown): void {
    if (typeof data !== 'string') {
      this.#receiveBinary(data)
      return
    }
    this.#tell('rawMessage', data)
    const frame = readServerFrame(data)
    if (frame === null) this.#complain()
    else if (frame !== 'unknown') this.#handle(frame)
  }

  #receiveBinary(data: unknown): void {
    const bytes =
      data instanceof ArrayBuffer ? new Uint8Array(data) : data instanceof Uint8Array ? data : null
    const message = bytes && readBinaryFrame(bytes)
    if (message === null) this.#complain()
    else if (this.#isNew(message.seq)) this.#tell('binary', message)
  }

  #complain(): void {
    this.#tell('error', new SignalingClientError('bad-frame', 'the server sent what is no frame'))
  }

  #handle(frame: ServerFrame): void {
    if (frame.type === 'joined' || frame.type === 'left') {
      if (!this.#isOfMembership(frame)) return
    }
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
    const isAnswer = id !== undefined && this.requests.settle(id, frame)
    if (frame.type === 'resumed') this.#resumed(frame)
    tellOfFrame(frame, isAnswer, this.#tell)
  }

  /** Whether it is not of a channel that this client asked for, gave up, and left, before it asked for another one. */
  #isOfMembership(frame: ServerFrameOf<'joined' | 'left'>): boolean {
    const membership = this.#membership
    if (membership === undefined) return false
    if (frame.type === 'joined') return frame.id === undefined || frame.id === membership.joinId
    return membership.joined !== undefined || (frame.id !== undefined && frame.id === membership.leaving)
  }

  /** Counts an event of the channel; false for one that came before, or of a channel that was given up. */
  #isNew(seq: number): boolean {
    const membership = this.#membership
    if (membership?.joined === undefined) return false
    if (membership.hear(seq) && this.reconnects) this.send({ type: 'ack', seq })
    return membership.isNew
  }

  #greet(frame: ServerFrameOf<'welcome'>): void {
    if (!this.#connector.isOurProtocol) {
      const text = 'the server speaks another protocol'
      if (this.requests.has(GREETING))
        this.requests.fail(GREETING, new SignalingClientError('connect-failed', text))
      else this.#connector.move(text)
      return
    }
    this.#iceServers = frame.iceServers
    this.#secret = frame.session
    if (this.#membership === undefined) this.#settle()
    else void this.#resume(this.#membership)
    this.requests.settle(GREETING, frame)
  }

  /** The client is where it wants to be. */
  #settle(): void {
    this.#state = 'open'
    this.#connector.established()
  }

  async #resume(membership: Membership): Promise<void> {
    const id = this.requests.newId()
    const answer = this.requests.await(id, 'resumed')
    this.send(membership.resumeFrame(id))
    try {
      await answer
    } catch (error) {
      if (this.#membership === membership && error instanceof SignalingClientError)
        this.#lose(membership, error)
    }
  }

  #resumed({ received }: ServerFrameOf<'resumed'>): void {
    const membership = this.#membership
    if (membership === undefined) return
    this.#secret = membership.session
    membership.sent.acknowledge(received)
    this.#settle()
    for (const wire of membership.sent.wires) this.#connector.send(wire)
    if (membership.leaving !== undefined) this.send({ type: 'leave', id: membership.leaving })
  }

  /** The session is gone at the server: what had no answer is failed, and the channel joined anew. */
  #lose(membership: Membership, { code }: SignalingClientError): void {
    if (code === 'closed') return
    if (code === 'timeout' || code === 'unavailable') {
      this.#connector.move('no answer')
      return
    }
    const { channel, leaving, joinId, joined } = membership
    const isJoining = this.requests.has(joinId)
    this.#membership = undefined
    this.#settle()
    for (const id of membership.sent.open)
      this.requests.fail(id, new SignalingClientError('lost', 'the session could not be resumed'))
    if (leaving !== undefined) {
      this.requests.settle(leaving, { type: 'left', channel, reason: 'leave' })
      return
    }
    if (!isJoining) this.#tell('lost', { channel, peer: joined?.peer })
    // A listener may have done something of its own.
    if (this.#membership === undefined && this.#state === 'open') this.#joinAnew(membership, isJoining)
  }

  #joinAnew(old: Membership, isJoining: boolean): void {
    const membership = old.again(isJoining ? old.joinId : this.requests.newId(), this.#secret)
    const { joinId } = membership
    if (!isJoining)
      this.requests.await(joinId, 'joined', { survives: true }).catch((error: unknown) => {
        if (this.#membership === membership) this.#membership = undefined
        if (this.#state !== 'closed' && error instanceof SignalingClientError) this.#tell('error', error)
      })
    try {
      this.enter(membership, JSON.stringify(membership.joinFrame(true)))
    } catch (cause) {
      this.requests.fail(joinId, new SignalingClientError('no-token', 'the token function threw', { cause }))
    }
  }

  #moveWithin(within: number): void {
    const { scheduler = platformScheduler, random = platformRandom } = this.#options
    if (!this.reconnects) return
    scheduler.clear(this.#moving)
    // Before the last moment, when the server closes.
    this.#moving = scheduler.set(() => this.#connector.move('drained', 0), random() * within * 0.8)
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
      this.requests.failAll(error)
      this.#membership = undefined
      for (const resolve of waiting) resolve()
      this.#tell('close', event)
    } else {
      this.#state = 'reconnecting'
      this.requests.failAll(error, false)
      this.#tell('reconnecting', { attempt: this.#connector.attempt, delay: retryIn, code: event.code })
    }
  }
}

/** The number under which the greeting is awaited; requests count from 1. */
export const GREETING = 0
