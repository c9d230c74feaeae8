import {
  type ClientFrame,
  decodeServerBinary,
  decodeServerFrame,
  type ServerBinaryHeader,
  type ServerFrame,
  SignalingError,
} from '@purertc/signaling-protocol'

import { type JoinDecision, type JoinRequest, SignalingHub, type SignalingHubConfig } from '../src/index.ts'

/** A hub with a host that writes everything down; time moves by hand. */
export class TestHub {
  readonly hub: SignalingHub
  readonly log: string[] = []
  readonly requests: JoinRequest[] = []
  readonly pings: number[] = []
  readonly closed: Map<number, number> = new Map()
  /** What access control answers; `undefined` leaves the request open. */
  accept: JoinDecision | undefined = true
  /** Called for every text, before it is written down. */
  onSend: (connection: number, wire: string | Uint8Array) => void = () => {}
  now = 0
  readonly #inboxes: Map<number, ServerFrame[]> = new Map()
  readonly binaries: [number, ServerBinaryHeader, Uint8Array][] = []
  readonly expired: number[] = []
  #names = 0
  #tokens = 0

  /** Where nobody watches, the hub takes busy frames by the fast path. */
  constructor(config?: SignalingHubConfig, isWatched = true) {
    const note = (connection: number, frame: ClientFrame): void =>
      void this.log.push(`${connection} ${frame.type}`)
    this.hub = new SignalingHub(
      {
        send: (connection, wire) => {
          this.onSend(connection, wire)
          if (typeof wire !== 'string') {
            const message = decodeServerBinary(wire)
            if (message instanceof SignalingError) throw message
            this.binaries.push([connection, message.header, Uint8Array.from(message.data)])
            return
          }
          const frame = decodeServerFrame(wire)
          if (frame instanceof SignalingError) throw frame
          this.#inbox(connection).push(frame)
        },
        close: (connection, code) => this.closed.set(connection, code),
        ping: (connection) => this.pings.push(connection),
        newPeerName: () => `peer-${++this.#names}`,
        newSessionToken: () => `session-${++this.#tokens}`,
        iceServersExpire: (connection) => this.expired.push(connection),
        joinRequested: (request) => {
          this.requests.push(request)
          if (this.accept !== undefined) this.hub.settleJoin(request.ticket, this.accept)
        },
        subscribed: (connection, channel, peer, count) =>
          this.log.push(`${connection} +${channel}/${peer} ${count}`),
        unsubscribed: (connection, channel, peer, count) =>
          this.log.push(`${connection ?? 'away'} -${channel}/${peer} ${count}`),
        resumed: (connection, channel, peer, replayed) =>
          this.log.push(`${connection} =${channel}/${peer} ${replayed}`),
        get received() {
          return isWatched ? note : undefined
        },
      },
      config,
    )
  }

  /** Connects and reads the greeting. */
  connect(...connections: readonly number[]): void {
    for (const connection of connections) {
      this.hub.connect(this.now, connection)
      this.take(connection)
    }
  }

  /** Connects and joins under these names, and reads all answers. */
  room(...peers: readonly string[]): void {
    for (const [at, peer] of peers.entries()) {
      this.connect(at + 1)
      this.say(at + 1, { type: 'join', channel: 'room', peer })
    }
    for (const at of peers.keys()) this.take(at + 1)
    this.log.length = 0
  }

  say(connection: number, frame: ClientFrame): void {
    this.hub.handleFrame(this.now, connection, JSON.stringify(frame))
  }

  /** What the connection got since it was asked last, without the numbers of events. */
  take(connection: number): readonly object[] {
    return this.takeNumbered(connection).map((frame) => {
      const rest: object & { seq?: number | undefined } = { ...frame }
      delete rest.seq
      return rest
    })
  }

  takeNumbered(connection: number): readonly ServerFrame[] {
    return this.#inbox(connection).splice(0)
  }

  /** Time passes, and all that is due happens at its moment. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds
    while (this.hub.nextTimeout <= end) {
      this.now = this.hub.nextTimeout
      this.hub.handleTimeout(this.now)
    }
    this.now = end
  }

  membersOf(channel: string): readonly string[] {
    let members: readonly string[] = []
    this.hub.membersOf(channel, (peers) => (members = peers))
    return members
  }

  /** The socket closes. */
  end(connection: number, code = 1006): void {
    this.hub.disconnect(this.now, connection, code)
  }

  #inbox(connection: number): ServerFrame[] {
    let inbox = this.#inboxes.get(connection)
    if (inbox === undefined) this.#inboxes.set(connection, (inbox = []))
    return inbox
  }
}

/** Alice (1) and bob (2) in `room`, who may come back. */
export function twoInRoom(options: ConstructorParameters<typeof TestHub>[0] = {}): TestHub {
  const lab = new TestHub(options)
  lab.connect(1, 2)
  lab.say(1, { type: 'join', channel: 'room', peer: 'alice', resumable: true })
  lab.say(2, { type: 'join', channel: 'room', peer: 'bob', resumable: true })
  lab.take(1)
  lab.take(2)
  lab.log.length = 0
  return lab
}
