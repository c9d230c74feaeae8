import {
  type ClientBinaryHeader,
  type ClientFrame,
  type CloseCode,
  encodeFrame,
  ErrorCode,
  type ServerFrame,
} from '@purertc/signaling-protocol'

import type { MutableCounters } from './counters.ts'
import type { ConnectionId, JoinRequest, SignalingHubHost } from './host.ts'
import type { Wire } from './views.ts'

/**
 * The calls that a hub owes its host. They are made in order, when the outermost entry point of the hub is through
 * with the state; what a call causes by entering the hub again goes to the end of the queue.
 */
export class Outbox {
  readonly #host: SignalingHubHost
  readonly #counters: MutableCounters
  #calls: (Delivery | (() => void))[] = []
  #depth = 0

  constructor(host: SignalingHubHost, counters: MutableCounters) {
    this.#host = host
    this.#counters = counters
  }

  /** Brackets an entry point of the hub; the calls are made by the outermost {@link leave}. */
  enter(): void {
    this.#depth++
  }

  leave(): void {
    try {
      if (this.#depth === 1) this.#flush()
    } finally {
      this.#depth--
    }
  }

  /** The two around one action. */
  bracket(action: () => void): void {
    this.enter()
    try {
      action()
    } finally {
      this.leave()
    }
  }

  send(connection: ConnectionId, frame: ServerFrame): void {
    this.sendWire(connection, encodeFrame(frame))
  }

  sendWire(connection: ConnectionId, wire: Wire): void {
    this.#counters.framesSent++
    this.#calls.push({ connection, wire })
  }

  refuse(connection: ConnectionId, code: ErrorCode, id?: number, message: string = MESSAGES[code]): void {
    this.#counters.refusals[code] = (this.#counters.refusals[code] ?? 0) + 1
    this.send(connection, { type: 'error', code, message, id })
  }

  ping(connection: ConnectionId): void {
    this.#calls.push(() => this.#host.ping(connection))
  }

  close(connection: ConnectionId, code: CloseCode, reason: string): void {
    this.#calls.push(() => this.#host.close(connection, code, reason))
  }

  requestJoin(request: JoinRequest): void {
    this.#calls.push(() => this.#host.joinRequested(request))
  }

  iceServersExpire(connection: ConnectionId): void {
    this.#calls.push(() => this.#host.iceServersExpire?.(connection))
  }

  subscribed(connection: ConnectionId, channel: string, peer: string, count: number): void {
    this.#calls.push(() => this.#host.subscribed?.(connection, channel, peer, count))
  }

  unsubscribed(connection: ConnectionId | undefined, channel: string, peer: string, count: number): void {
    this.#calls.push(() => this.#host.unsubscribed?.(connection, channel, peer, count))
  }

  resumed(connection: ConnectionId, channel: string, peer: string, replayed: number): void {
    this.#calls.push(() => this.#host.resumed?.(connection, channel, peer, replayed))
  }

  received(connection: ConnectionId, frame: ClientFrame): void {
    if (this.#host.received !== undefined) this.#calls.push(() => this.#host.received?.(connection, frame))
  }

  receivedBinary(connection: ConnectionId, header: ClientBinaryHeader, data: Uint8Array): void {
    if (this.#host.receivedBinary !== undefined)
      this.#calls.push(() => this.#host.receivedBinary?.(connection, header, data))
  }

  rescheduled(): void {
    this.#calls.push(() => this.#host.rescheduled?.())
  }

  failed(error: Error): void {
    this.#calls.push(() => this.#host.failed?.(error))
  }

  /** Where the host throws, the calls after that one are made with the next entry. */
  #flush(): void {
    let done = 0
    try {
      for (let call = this.#calls[done]; call !== undefined; call = this.#calls[done]) {
        done++
        if (typeof call === 'function') call()
        else this.#host.send(call.connection, call.wire)
      }
    } finally {
      if (done === this.#calls.length) this.#calls.length = 0
      else this.#calls.splice(0, done)
    }
  }
}

/** Most calls by far. */
interface Delivery {
  readonly connection: ConnectionId
  readonly wire: Wire
}

const MESSAGES = {
  [ErrorCode.invalidJson]: 'the frame is not JSON',
  [ErrorCode.invalidFrame]: 'the frame is of no known form',
  [ErrorCode.unknownType]: 'no frame has that type',
  [ErrorCode.frameTooLarge]: 'the frame is too large',
  [ErrorCode.rateLimited]: 'too many frames',
  [ErrorCode.notJoined]: 'join a channel first',
  [ErrorCode.alreadyJoined]: 'leave the channel first',
  [ErrorCode.unauthenticated]: 'credentials are missing or do not hold',
  [ErrorCode.joinRefused]: 'the server refused',
  [ErrorCode.peerTaken]: 'another member has that name',
  [ErrorCode.channelFull]: 'the channel has no room for another member',
  [ErrorCode.tooManyChannels]: 'the server has no room for another channel',
  [ErrorCode.bufferFull]: 'too much waits for a peer to come',
  [ErrorCode.resumeFailed]: 'there is no such session to resume',
  [ErrorCode.sessionLost]: 'the session is lost',
  [ErrorCode.unavailable]: 'the server cannot do that now',
} as const satisfies Record<ErrorCode, string>
