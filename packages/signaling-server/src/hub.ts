import {
  type ClientFrame,
  CloseCode,
  decodeClientFrame,
  ErrorCode,
  type IceServer,
  type JoinFrame,
  protocolVersion,
  SignalingError,
} from '@purertc/signaling-protocol'

import { Channels } from './channels.ts'
import { type Connection, outside } from './connection.ts'
import type { ConnectionId, SignalingHubHost } from './host.ts'
import { defaultHubLimits, type HubLimits } from './limits.ts'
import { Outbox } from './outbox.ts'
import { TokenBucket } from './token-bucket.ts'

export interface SignalingHubConfig {
  /** Whether `bye` ends the session of all members (default), or is only told to them. */
  readonly closeSessionOnHangup?: boolean
  readonly limits?: Partial<HubLimits>
}

/**
 * The signalling server without sockets: connections, the channels they are in, and what they say to each other. The
 * protocol is the README of `@purertc/signaling-protocol`. `now` is monotonic milliseconds.
 *
 * @example
 * const hub = new SignalingHub({
 *   send: (connection, text) => sockets.get(connection)?.send(text),
 *   close: (connection, code, reason) => sockets.get(connection)?.close(code, reason),
 *   ping: (connection) => sockets.get(connection)?.ping(),
 *   newPeerName: () => randomUUID(),
 *   joinRequested: ({ ticket }) => hub.settleJoin(ticket, true),
 * })
 * hub.connect(performance.now(), 1, [{ urls: 'stun:192.0.2.1' }])
 */
export class SignalingHub {
  readonly #limits: HubLimits
  readonly #closeSessionOnHangup: boolean
  readonly #outbox: Outbox
  readonly #channels: Channels
  readonly #connections: Map<ConnectionId, Connection> = new Map()
  /** By the ticket that access control answers with. */
  readonly #joining: Map<number, Connection> = new Map()
  #tickets = 0
  #nextBeat = Infinity

  constructor(host: SignalingHubHost, config: SignalingHubConfig = {}) {
    this.#limits = { ...defaultHubLimits, ...config.limits }
    this.#closeSessionOnHangup = config.closeSessionOnHangup ?? true
    this.#outbox = new Outbox(host)
    this.#channels = new Channels(this.#outbox, this.#limits, () => host.newPeerName())
  }

  get connections(): number {
    return this.#connections.size
  }

  get channels(): number {
    return this.#channels.count
  }

  /** The names of a channel's members, in the order they came. */
  membersOf(channel: string): readonly string[] {
    return this.#channels.get(channel)?.members.map((member) => member.peer) ?? []
  }

  /** When `handleTimeout` is due; `Infinity` while nobody is connected. */
  get nextTimeout(): number {
    return this.#nextBeat
  }

  /** A socket is open: the hub greets it. `connection` is a number not in use. */
  connect(now: number, connection: ConnectionId, iceServers: readonly IceServer[] = []): void {
    const { framesPerSecond, burst, heartbeat } = this.#limits
    const bucket = new TokenBucket(now, framesPerSecond, burst)
    this.#outbox.run(() => {
      this.#connections.set(connection, { id: connection, bucket, isAlive: true, place: outside })
      if (this.#nextBeat === Infinity) this.#nextBeat = now + heartbeat
      this.#outbox.send(connection, {
        type: 'welcome',
        version: protocolVersion,
        iceServers: [...iceServers],
      })
    })
  }

  /** The text of one frame. Frames of connections that the hub does not have (any more) are dropped. */
  handleFrame(now: number, connection: ConnectionId, text: string): void {
    this.#admit(now, connection, (from) => {
      const frame = decodeClientFrame(text)
      if (frame instanceof SignalingError) {
        this.#outbox.refuse(connection, frame.code, frame.id, frame.message)
        if (frame.code === ErrorCode.frameTooLarge) this.#drop(from, CloseCode.frameTooLarge, frame.message)
      } else {
        this.#outbox.received(connection, frame)
        this.#receive(from, frame)
      }
    })
  }

  /** A binary frame came; there are none in this version. */
  handleBinary(now: number, connection: ConnectionId): void {
    this.#admit(now, connection, () => this.#outbox.refuse(connection, ErrorCode.binaryUnsupported))
  }

  /** The connection gave a sign of life that is no frame. */
  handleAlive(connection: ConnectionId): void {
    const known = this.#connections.get(connection)
    if (known !== undefined) known.isAlive = true
  }

  /** The answer to `joinRequested`. A request that is no longer there, because its sender left, is ignored. */
  settleJoin(ticket: number, accepted: boolean): void {
    const connection = this.#joining.get(ticket)
    if (connection?.place.kind !== 'joining') return
    const { frame } = connection.place
    this.#outbox.run(() => {
      this.#joining.delete(ticket)
      connection.place = outside
      if (accepted) this.#channels.join(connection, frame)
      else this.#outbox.refuse(connection.id, ErrorCode.joinRefused, frame.id)
    })
  }

  /** The socket is closed; or, with a code, it is to be given up, and the host is asked to close it. */
  disconnect(connection: ConnectionId, code?: CloseCode, reason = ''): void {
    const known = this.#connections.get(connection)
    if (known === undefined) return
    this.#outbox.run(() => {
      if (code === undefined) this.#forget(known)
      else this.#drop(known, code, reason)
    })
  }

  handleTimeout(now: number): void {
    if (now < this.#nextBeat) return
    this.#outbox.run(() => {
      for (const connection of [...this.#connections.values()]) {
        if (connection.isAlive) {
          connection.isAlive = false
          this.#outbox.ping(connection.id)
        } else this.#drop(connection, CloseCode.heartbeatTimeout, 'no sign of life')
      }
      if (this.#connections.size > 0) this.#nextBeat = now + this.#limits.heartbeat
    })
  }

  /** Closes every connection with 1001. The members are not told of each other: all of them go. */
  close(): void {
    this.#outbox.run(() => {
      this.#channels.clear()
      for (const id of this.#connections.keys())
        this.#outbox.close(id, CloseCode.goingAway, 'the server shuts down')
      this.#connections.clear()
      this.#joining.clear()
      this.#nextBeat = Infinity
    })
  }

  #admit(now: number, id: ConnectionId, handle: (from: Connection) => void): void {
    const connection = this.#connections.get(id)
    if (connection === undefined) return
    connection.isAlive = true
    this.#outbox.run(() => {
      if (connection.bucket.take(now)) handle(connection)
      else {
        this.#outbox.refuse(id, ErrorCode.rateLimited)
        this.#drop(connection, CloseCode.rateLimited, 'too many frames')
      }
    })
  }

  #receive(from: Connection, frame: ClientFrame): void {
    const { place } = from
    if (frame.type === 'ping') this.#outbox.send(from.id, { type: 'pong', id: frame.id })
    else if (frame.type === 'join') this.#request(from, frame)
    else if (frame.type === 'leave') this.#depart(from, frame.id)
    else if (place.kind !== 'joined') this.#outbox.refuse(from.id, ErrorCode.notJoined, frame.id)
    else if (frame.type !== 'bye') this.#channels.relay(from, place, frame)
    else {
      this.#channels.hangUp(from, place, frame.id)
      if (this.#closeSessionOnHangup) this.#channels.end(place.channel)
    }
  }

  /** Asks access control. */
  #request(from: Connection, frame: JoinFrame): void {
    if (from.place.kind !== 'outside') {
      this.#outbox.refuse(from.id, ErrorCode.alreadyJoined, frame.id)
      return
    }
    const ticket = ++this.#tickets
    from.place = { kind: 'joining', ticket, frame }
    this.#joining.set(ticket, from)
    const { channel, peer, metadata, token } = frame
    this.#outbox.requestJoin({ ticket, connection: from.id, channel, peer, metadata, token })
  }

  #depart(from: Connection, id: number | undefined): void {
    const { place } = from
    if (place.kind === 'outside') {
      this.#outbox.refuse(from.id, ErrorCode.notJoined, id)
      return
    }
    const channel = place.kind === 'joined' ? place.channel.name : place.frame.channel
    this.#vacate(from)
    this.#outbox.send(from.id, { type: 'left', channel, reason: 'leave', id })
  }

  /** Takes a connection out of wherever it is. */
  #vacate(connection: Connection): void {
    const { place } = connection
    if (place.kind === 'joined') this.#channels.exit(place)
    if (place.kind === 'joining') this.#joining.delete(place.ticket)
    connection.place = outside
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection.id)
    if (this.#connections.size === 0) this.#nextBeat = Infinity
    this.#vacate(connection)
  }

  #drop(connection: Connection, code: CloseCode, reason: string): void {
    this.#forget(connection)
    this.#outbox.close(connection.id, code, reason)
  }
}
