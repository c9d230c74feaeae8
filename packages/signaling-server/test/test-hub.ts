import {
  type ClientFrame,
  decodeServerFrame,
  type ServerFrame,
  SignalingError,
} from '@purertc/signaling-protocol'

import { type JoinRequest, SignalingHub, type SignalingHubConfig } from '../src/index.ts'

/** A hub with a host that writes everything down; time moves by hand. */
export class TestHub {
  readonly hub: SignalingHub
  readonly log: string[] = []
  readonly requests: JoinRequest[] = []
  readonly pings: number[] = []
  readonly closed: Map<number, number> = new Map()
  /** What access control answers; `undefined` leaves the request open. */
  accept: boolean | undefined = true
  /** Called for every text, before it is written down. */
  onSend: (connection: number, text: string) => void = () => {}
  now = 0
  readonly #inboxes: Map<number, ServerFrame[]> = new Map()
  #names = 0

  constructor(config?: SignalingHubConfig) {
    this.hub = new SignalingHub(
      {
        send: (connection, text) => {
          this.onSend(connection, text)
          const frame = decodeServerFrame(text)
          if (frame instanceof SignalingError) throw frame
          this.#inbox(connection).push(frame)
        },
        close: (connection, code) => this.closed.set(connection, code),
        ping: (connection) => this.pings.push(connection),
        newPeerName: () => `peer-${++this.#names}`,
        joinRequested: (request) => {
          this.requests.push(request)
          if (this.accept !== undefined) this.hub.settleJoin(request.ticket, this.accept)
        },
        subscribed: (connection, channel, peer, count) =>
          this.log.push(`${connection} +${channel}/${peer} ${count}`),
        unsubscribed: (connection, channel, peer, count) =>
          this.log.push(`${connection} -${channel}/${peer} ${count}`),
        received: (connection, frame) => this.log.push(`${connection} ${frame.type}`),
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

  /** What the connection got since it was asked last. */
  take(connection: number): readonly ServerFrame[] {
    return this.#inbox(connection).splice(0)
  }

  #inbox(connection: number): ServerFrame[] {
    let inbox = this.#inboxes.get(connection)
    if (inbox === undefined) this.#inboxes.set(connection, (inbox = []))
    return inbox
  }
}
