import { CloseCode, ErrorCode, type IceServer, protocolVersion } from '@purertc/signaling-protocol'

import { Access, readDecision } from './access.ts'
import { type Connection, createSession, isFarewell } from './connection.ts'
import { createCounters, type HubCounters, type MutableCounters } from './counters.ts'
import { Heartbeats } from './heartbeats.ts'
import type { ConnectionId, JoinDecision, SignalingHubHost } from './host.ts'
import { defaultHubLimits, type HubLimits } from './limits.ts'
import { Outbox } from './outbox.ts'
import { Reception } from './reception.ts'
import { Refreshes } from './refreshes.ts'
import { Sessions } from './sessions.ts'
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
  readonly #outbox: Outbox
  readonly #store: ChannelStore
  readonly #sessions: Sessions
  readonly #connections: Map<ConnectionId, Connection> = new Map()
  readonly #access: Access
  readonly #reception: Reception
  readonly #heartbeats: Heartbeats
  readonly #refreshes: Refreshes = new Refreshes()
  readonly #counters: MutableCounters = createCounters()

  constructor(host: SignalingHubHost, config: SignalingHubConfig = {}) {
    this.#host = host
    this.#limits = { ...defaultHubLimits, ...config.limits }
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
    this.#access = new Access(this.#outbox)
    this.#reception = new Reception(host, this.#outbox, this.#sessions, this.#access, {
      closeSessionOnHangup: config.closeSessionOnHangup ?? true,
      isResumable: this.#limits.resumeWithin > 0,
      giveUp: (connection, code, reason) => this.#giveUp(0, connection, code, reason),
    })
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
    this.#outbox.bracket(() => {
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
      if (this.#admits(now, from)) this.#reception.handleText(from, text)
    } finally {
      this.#outbox.leave()
    }
  }

  /** One binary frame. The bytes are borrowed. */
  handleBinary(now: number, connection: ConnectionId, bytes: Uint8Array): void {
    const from = this.#connections.get(connection)
    if (from === undefined) return
    this.#outbox.bracket(() => {
      if (this.#admits(now, from)) this.#reception.handleBinary(from, bytes)
    })
  }

  /** A ping or pong of the WebSocket: a sign of life, and one of the frames of which there may be so many a second. */
  handleControl(now: number, connection: ConnectionId): void {
    const from = this.#connections.get(connection)
    if (from !== undefined) this.#outbox.bracket(() => void this.#admits(now, from))
  }

  /** The answer to `joinRequested`. A request that is no longer there, because its sender left, is ignored. */
  settleJoin(ticket: number, decision: JoinDecision): void {
    const asked = this.#access.take(ticket)
    if (asked === undefined) return
    const { connection, frame } = asked
    this.#outbox.bracket(() => {
      const { accepted, peer, code } = readDecision(decision)
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
    this.#outbox.bracket(() => {
      this.#refreshes.arm(now, connection, lifetime)
      this.#outbox.send(connection, { type: 'ice-servers', iceServers: [...iceServers], lifetime })
    })
  }

  /** The socket is closed, with this code. A session that its client did not end may be resumed for a while. */
  disconnect(now: number, connection: ConnectionId, code: number): void {
    const known = this.#connections.get(connection)
    if (known !== undefined) this.#outbox.bracket(() => this.#lose(now, known, code))
  }

  /** A connection is to be given up: the host is asked to close it. */
  drop(now: number, connection: ConnectionId, code: CloseCode, reason: string): void {
    const known = this.#connections.get(connection)
    if (known === undefined) return
    this.#outbox.bracket(() => this.#giveUp(now, known, code, reason))
  }

  handleTimeout(now: number): void {
    this.#outbox.bracket(() => {
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
    this.#outbox.bracket(() => {
      for (const id of this.#connections.keys()) this.#outbox.send(id, { type: 'drain', within })
    })
  }

  /** Closes every connection. Where the store is shared, sessions may be resumed on other processes. */
  close(code: CloseCode = CloseCode.goingAway): Promise<void> {
    this.#outbox.bracket(() => {
      this.#sessions.clear()
      for (const id of this.#connections.keys()) this.#outbox.close(id, code, 'the server shuts down')
      this.#connections.clear()
      this.#access.clear()
      this.#heartbeats.clear()
    })
    return this.#store.close()
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
    this.#access.withdraw(connection)
    if (session.place.kind === 'outside') return
    const mayReturn = session.isResumable && !isFarewell(code)
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
