import {
  type ClientFrame,
  CloseCode,
  decodeClientBinary,
  decodeClientFrame,
  ErrorCode,
  type IceServer,
  type JoinFrame,
  protocolVersion,
  readAckText,
  readMessageText,
  SignalingError,
} from '@purertc/signaling-protocol'

import { type Connection, outside } from './connection.ts'
import { createCounters, type HubCounters, type MutableCounters } from './counters.ts'
import { Heartbeats } from './heartbeats.ts'
import type { ConnectionId, JoinDecision, SignalingHubHost } from './host.ts'
import { defaultHubLimits, type HubLimits } from './limits.ts'
import { Outbox } from './outbox.ts'
import { Refreshes } from './refreshes.ts'
import { binaryCommand, messageCommand, relayCommand } from './say-command.ts'
import { createSession, Sessions } from './sessions.ts'
import type { ChannelStore } from './store/channel-store.ts'
import { MemoryStore } from './store/memory-store.ts'
import { TokenBucket } from './token-bucket.ts'

export interface SignalingHubConfig {
  /** Whether `bye` ends the session of all members (default), or is only told to them. */
  readonly closeSessionOnHangup?: boolean
  readonly limits?: Partial<HubLimits>
  /** Where channels are; in this process's memory by default. */
  readonly store?: ChannelStore
}

/**
 * The signalling server without sockets: connections, the channels they are in, and what they say to each other. The
 * protocol is `docs/signaling-protocol.md`. `now` is monotonic milliseconds.
 *
 * @example
 * const hub = new SignalingHub({
 *   send: (connection, frame) => sockets.get(connection)?.send(frame),
 *   close: (connection, code, reason) => sockets.get(connection)?.close(code, reason),
 *   ping: (connection) => sockets.get(connection)?.ping(),
 *   newPeerName: () => randomUUID(),
 *   newSessionToken: () => randomBytes(16).toString('base64url'),
 *   joinRequested: ({ ticket }) => hub.settleJoin(ticket, true),
 * })
 * hub.connect(performance.now(), 1, [{ urls: 'stun:192.0.2.1' }])
 */
export class SignalingHub {
  readonly #host: SignalingHubHost
  readonly #limits: HubLimits
  readonly #closeSessionOnHangup: boolean
  readonly #outbox: Outbox
  readonly #store: ChannelStore
  readonly #sessions: Sessions
  readonly #connections: Map<ConnectionId, Connection> = new Map()
  /** By the ticket that access control answers with. */
  readonly #joining: Map<number, Connection> = new Map()
  readonly #heartbeats: Heartbeats
  readonly #refreshes: Refreshes = new Refreshes()
  readonly #counters: MutableCounters = createCounters()
  #tickets = 0

  constructor(host: SignalingHubHost, config: SignalingHubConfig = {}) {
    this.#host = host
    this.#limits = { ...defaultHubLimits, ...config.limits }
    this.#closeSessionOnHangup = config.closeSessionOnHangup ?? true
    this.#outbox = new Outbox(host, this.#counters)
    this.#store = config.store ?? new MemoryStore()
    this.#heartbeats = new Heartbeats(this.#limits.heartbeat)
    this.#sessions = new Sessions(
      this.#outbox,
      this.#store,
      this.#counters,
      this.#limits.resumeWithin,
      (connection, code, reason) => this.#forget(connection, code, reason),
    )
    this.#store.open(this.#sessions, this.#limits)
  }

  get connections(): number {
    return this.#connections.size
  }

  /** Channels with members on this process. */
  get channels(): number {
    return this.#sessions.channels
  }

  /** Members whose socket broke, and who may come back. */
  get away(): number {
    return this.#sessions.away
  }

  /** Whether joins and messages get through at present. */
  get isReady(): boolean {
    return this.#store.isReady
  }

  get counters(): HubCounters {
    return this.#counters
  }

  /** The names of a channel's members on all processes, in the order they came. */
  membersOf(channel: string, done: (peers: readonly string[]) => void): void {
    this.#store.membersOf(channel, done)
  }

  /** When `handleTimeout` is due; `Infinity` while nobody is connected or away. */
  get nextTimeout(): number {
    return Math.min(this.#heartbeats.next, this.#refreshes.next, this.#sessions.nextTimeout)
  }

  /**
   * A socket is open: the hub greets it. `connection` is a number not in use; `lifetime` the seconds for which the ICE
   * servers' credentials hold.
   */
  connect(
    now: number,
    connection: ConnectionId,
    iceServers: readonly IceServer[] = [],
    lifetime?: number,
  ): void {
    const { framesPerSecond, burst, resumeWithin } = this.#limits
    const session = createSession(this.#host.newSessionToken(), false)
    const known: Connection = {
      id: connection,
      bucket: new TokenBucket(now, framesPerSecond, burst),
      isAlive: true,
      slot: 0,
      session,
      resuming: undefined,
    }
    session.connection = known
    this.#run(() => {
      this.#connections.set(connection, known)
      this.#heartbeats.add(now, known)
      this.#refreshes.arm(now, connection, lifetime)
      this.#outbox.send(connection, {
        type: 'welcome',
        version: protocolVersion,
        session: session.token,
        resumeWithin,
        iceServers: [...iceServers],
        lifetime,
      })
    })
  }

  /** The text of one frame. Frames of connections that the hub does not have (any more) are dropped. */
  handleFrame(now: number, connection: ConnectionId, text: string): void {
    const from = this.#connections.get(connection)
    if (from === undefined) return
    this.#outbox.enter()
    try {
      if (this.#admits(now, from) && !this.#handleBusyFrame(from, text)) this.#handleText(from, text)
    } finally {
      this.#outbox.leave()
    }
  }

  /** One binary frame. The bytes are borrowed. */
  handleBinary(now: number, connection: ConnectionId, bytes: Uint8Array): void {
    const from = this.#connections.get(connection)
    if (from === undefined) return
    this.#run(() => {
      if (!this.#admits(now, from)) return
      const message = decodeClientBinary(bytes)
      if (message instanceof SignalingError) {
        this.#refuse(from, message)
        return
      }
      const { header } = message
      const { place } = from.session
      const data = new Uint8Array(message.data)
      this.#outbox.receivedBinary(connection, header, data)
      if (place.kind !== 'joined') this.#outbox.refuse(connection, ErrorCode.notJoined, header.id)
      else this.#sessions.say(from.session, binaryCommand(place.messageHead, header, data))
    })
  }

  /** The connection gave a sign of life that is no frame. */
  handleAlive(connection: ConnectionId): void {
    const known = this.#connections.get(connection)
    if (known !== undefined) known.isAlive = true
  }

  /** The answer to `joinRequested`. A request that is no longer there, because its sender left, is ignored. */
  settleJoin(ticket: number, decision: JoinDecision): void {
    const connection = this.#joining.get(ticket)
    const place = connection?.session.place
    if (connection === undefined || place?.kind !== 'joining') return
    const { frame } = place
    this.#run(() => {
      this.#joining.delete(ticket)
      const { accepted, peer, code } = readDecision(decision)
      connection.session.place = outside
      if (!accepted) this.#outbox.refuse(connection.id, code, frame.id)
      else
        this.#sessions.enter(
          connection.session,
          frame,
          peer ?? frame.peer ?? (() => this.#host.newPeerName()),
        )
    })
  }

  /** The answer to `iceServersExpire`: others, and for how many seconds they hold. */
  updateIceServers(
    now: number,
    connection: ConnectionId,
    iceServers: readonly IceServer[],
    lifetime?: number,
  ): void {
    if (!this.#connections.has(connection)) return
    this.#run(() => {
      this.#refreshes.arm(now, connection, lifetime)
      this.#outbox.send(connection, { type: 'ice-servers', iceServers: [...iceServers], lifetime })
    })
  }

  /** The socket is closed, with this code. A session that its client did not end may be resumed for a while. */
  disconnect(now: number, connection: ConnectionId, code: number): void {
    const known = this.#connections.get(connection)
    if (known !== undefined) this.#run(() => this.#lose(now, known, code))
  }

  /** A connection is to be given up: the host is asked to close it. */
  drop(now: number, connection: ConnectionId, code: CloseCode, reason: string): void {
    const known = this.#connections.get(connection)
    if (known === undefined) return
    this.#run(() => this.#giveUp(now, known, code, reason))
  }

  handleTimeout(now: number): void {
    this.#run(() => {
      for (const connection of this.#heartbeats.due(now)) {
        if (connection.isAlive) {
          connection.isAlive = false
          this.#outbox.ping(connection.id)
        } else this.#giveUp(now, connection, CloseCode.heartbeatTimeout, 'no sign of life')
      }
      for (const connection of this.#refreshes.due(now)) this.#outbox.iceServersExpire(connection)
      this.#sessions.handleTimeout(now)
    })
  }

  /** Tells every client to connect again, here or elsewhere, within so many milliseconds. */
  drain(within: number): void {
    this.#run(() => {
      for (const id of this.#connections.keys()) this.#outbox.send(id, { type: 'drain', within })
    })
  }

  /** Closes every connection. Where the store is shared, sessions may be resumed on other processes. */
  close(code: CloseCode = CloseCode.goingAway): Promise<void> {
    this.#run(() => {
      this.#sessions.clear()
      for (const id of this.#connections.keys()) this.#outbox.close(id, code, 'the server shuts down')
      this.#connections.clear()
      this.#joining.clear()
      this.#heartbeats.clear()
    })
    return this.#store.close()
  }

  #run(enter: () => void): void {
    this.#outbox.enter()
    try {
      enter()
    } finally {
      this.#outbox.leave()
    }
  }

  /** Whether the connection may say something now; one that says too much is given up. */
  #admits(now: number, from: Connection): boolean {
    from.isAlive = true
    this.#counters.framesReceived++
    if (from.bucket.take(now)) return true
    this.#outbox.refuse(from.id, ErrorCode.rateLimited)
    this.#giveUp(now, from, CloseCode.rateLimited, 'too many frames')
    return false
  }

  /** What members say, and that they heard, without making more of it than is needed to hand it on. */
  #handleBusyFrame({ session }: Connection, text: string): boolean {
    const { place } = session
    if (place.kind !== 'joined' || this.#host.received !== undefined) return false
    const message = readMessageText(text)
    if (message !== undefined) {
      this.#sessions.say(session, messageCommand(place.messageHead, message))
      return true
    }
    const seq = readAckText(text)
    if (seq !== undefined) this.#sessions.acknowledge(session, seq)
    return seq !== undefined
  }

  #handleText(from: Connection, text: string): void {
    const frame = decodeClientFrame(text)
    if (frame instanceof SignalingError) this.#refuse(from, frame)
    else {
      this.#outbox.received(from.id, frame)
      this.#receive(from, frame)
    }
  }

  #refuse(from: Connection, { code, id, message }: SignalingError): void {
    this.#outbox.refuse(from.id, code, id, message)
    if (code === ErrorCode.frameTooLarge) this.#giveUp(0, from, CloseCode.frameTooLarge, message)
  }

  #receive(from: Connection, frame: ClientFrame): void {
    const { session } = from
    const { place } = session
    if (frame.type === 'ping') this.#outbox.send(from.id, { type: 'pong', id: frame.id })
    else if (frame.type === 'join') this.#request(from, frame)
    else if (frame.type === 'resume') {
      if (place.kind === 'outside' && from.resuming === undefined) this.#sessions.resume(from, frame)
      else this.#outbox.refuse(from.id, ErrorCode.alreadyJoined, frame.id)
    } else if (frame.type === 'leave') this.#depart(from, frame.id)
    else if (frame.type === 'ack') {
      if (place.kind === 'joined') this.#sessions.acknowledge(session, frame.seq)
    } else if (place.kind !== 'joined') this.#outbox.refuse(from.id, ErrorCode.notJoined, frame.id)
    else this.#sessions.say(session, relayCommand(place.peer, frame, this.#closeSessionOnHangup))
  }

  /** Asks access control. */
  #request(from: Connection, frame: JoinFrame): void {
    const { session } = from
    if ((session.place.kind !== 'outside' && session.place.kind !== 'ended') || from.resuming !== undefined) {
      this.#outbox.refuse(from.id, ErrorCode.alreadyJoined, frame.id)
      return
    }
    if (session.place.kind === 'ended') this.#sessions.vacate(session)
    const ticket = ++this.#tickets
    session.isResumable = frame.resumable === true && this.#limits.resumeWithin > 0
    session.place = { kind: 'joining', ticket, frame }
    this.#joining.set(ticket, from)
    const { channel, peer, metadata, token } = frame
    this.#outbox.requestJoin({ ticket, connection: from.id, channel, peer, metadata, token })
  }

  #depart(from: Connection, id: number | undefined): void {
    const { session } = from
    const { place } = session
    if (place.kind === 'outside' || place.kind === 'ended' || place.kind === 'resuming') {
      this.#outbox.refuse(from.id, ErrorCode.notJoined, id)
      return
    }
    const channel = place.kind === 'joined' ? place.channel.name : place.frame.channel
    this.#withdraw(from)
    this.#sessions.vacate(session, { id })
    // One whose entry is under way is told when it is through.
    if (place.kind !== 'entering') this.#outbox.send(from.id, { type: 'left', channel, reason: 'leave', id })
  }

  /** Takes back what access control was asked. */
  #withdraw({ session }: Connection): void {
    if (session.place.kind !== 'joining') return
    this.#joining.delete(session.place.ticket)
    session.place = outside
  }

  #giveUp(now: number, connection: Connection, code: CloseCode, reason: string): void {
    this.#lose(now, connection, code)
    this.#outbox.close(connection.id, code, reason)
  }

  /** The socket is gone or to go; its session stays for a while unless the code says that it is over. */
  #lose(now: number, connection: Connection, code: number): void {
    const { session, resuming } = connection
    this.#forgetConnection(connection)
    if (resuming !== undefined) {
      connection.resuming = undefined
      this.#sessions.depart(now, resuming)
    }
    this.#withdraw(connection)
    if (session.place.kind === 'outside') return
    const mayReturn = session.isResumable && !FINAL.has(code)
    if (mayReturn) this.#sessions.depart(now, session)
    else {
      this.#sessions.vacate(session)
      session.connection = undefined
    }
  }

  /** The connection has no session any more. */
  #forget(connection: Connection, code: CloseCode, reason: string): void {
    this.#forgetConnection(connection)
    this.#outbox.close(connection.id, code, reason)
  }

  #forgetConnection(connection: Connection): void {
    this.#connections.delete(connection.id)
    this.#heartbeats.remove(connection)
    this.#refreshes.disarm(connection.id)
  }
}

function readDecision(decision: JoinDecision): {
  readonly accepted: boolean
  readonly peer: string | undefined
  readonly code: ErrorCode
} {
  if (typeof decision === 'boolean')
    return { accepted: decision, peer: undefined, code: ErrorCode.joinRefused }
  return decision.accepted
    ? { accepted: true, peer: decision.peer, code: ErrorCode.joinRefused }
    : { accepted: false, peer: undefined, code: decision.code }
}

/** Codes by which an end says that it will not come back, or must not. */
const FINAL: ReadonlySet<number> = new Set([
  CloseCode.normal,
  CloseCode.goingAway,
  // A goodbye without a reason.
  1005,
  CloseCode.frameTooLarge,
  CloseCode.rateLimited,
  1007,
])
