import {
  type ClientFrame,
  type CloseCode,
  encodeFrame,
  ErrorCode,
  type ServerFrame,
} from '@purertc/signaling-protocol'

import type { Channel, ChannelMember } from './channel.ts'
import type { ConnectionId, JoinRequest, SignalingHubHost } from './host.ts'

/**
 * The calls that a hub owes its host. They are made in order, when the outermost entry point of the hub is through
 * with the state; what a call causes by entering the hub again goes to the end of the queue.
 */
export class Outbox {
  readonly #host: SignalingHubHost
  #calls: (() => void)[] = []
  #depth = 0

  constructor(host: SignalingHubHost) {
    this.#host = host
  }

  /** Runs an entry point of the hub, then makes the calls unless another one does already. */
  run(enter: () => void): void {
    this.#depth++
    try {
      enter()
      if (this.#depth === 1) this.#flush()
    } finally {
      this.#depth--
    }
  }

  send(connection: ConnectionId, frame: ServerFrame): void {
    this.sendText(connection, encodeFrame(frame))
  }

  sendText(connection: ConnectionId, text: string): void {
    this.#calls.push(() => this.#host.send(connection, text))
  }

  sendAll(members: readonly ChannelMember[], frame: ServerFrame): void {
    const text = encodeFrame(frame)
    for (const member of members) this.sendText(member.connection.id, text)
  }

  refuse(connection: ConnectionId, code: ErrorCode, id?: number, message: string = MESSAGES[code]): void {
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

  subscribed({ name, count }: Channel, { connection, peer }: ChannelMember): void {
    this.#calls.push(() => this.#host.subscribed?.(connection.id, name, peer, count))
  }

  unsubscribed({ name, count }: Channel, { connection, peer }: ChannelMember): void {
    this.#calls.push(() => this.#host.unsubscribed?.(connection.id, name, peer, count))
  }

  received(connection: ConnectionId, frame: ClientFrame): void {
    this.#calls.push(() => this.#host.received?.(connection, frame))
  }

  /** Where the host throws, the calls after that one are made with the next entry. */
  #flush(): void {
    let done = 0
    try {
      for (let call = this.#calls[done]; call !== undefined; call = this.#calls[done]) {
        done++
        call()
      }
    } finally {
      this.#calls.splice(0, done)
    }
  }
}

const MESSAGES = {
  [ErrorCode.invalidJson]: 'the frame is not JSON',
  [ErrorCode.invalidFrame]: 'the frame is of no known form',
  [ErrorCode.unknownType]: 'no frame has that type',
  [ErrorCode.binaryUnsupported]: 'frames are text',
  [ErrorCode.frameTooLarge]: 'the frame is too large',
  [ErrorCode.rateLimited]: 'too many frames',
  [ErrorCode.notJoined]: 'join a channel first',
  [ErrorCode.alreadyJoined]: 'leave the channel first',
  [ErrorCode.joinRefused]: 'the server refused',
  [ErrorCode.peerTaken]: 'another member has that name',
  [ErrorCode.channelFull]: 'the channel has no room for another member',
  [ErrorCode.tooManyChannels]: 'the server has no room for another channel',
  [ErrorCode.bufferFull]: 'too much waits for a peer to come',
} as const satisfies Record<ErrorCode, string>
