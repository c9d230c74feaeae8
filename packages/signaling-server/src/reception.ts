import {
  type ClientFrame,
  CloseCode,
  decodeClientBinary,
  decodeClientFrame,
  ErrorCode,
  type JoinFrame,
  readAckText,
  readMessageText,
  SignalingError,
} from '@purertc/signaling-protocol'

import type { Access } from './access.ts'
import type { Connection } from './connection.ts'
import type { SignalingHubHost } from './host.ts'
import type { Outbox } from './outbox.ts'
import { binaryCommand, messageCommand, relayCommand } from './say-command.ts'
import type { Sessions } from './sessions.ts'

export interface ReceptionConfig {
  readonly closeSessionOnHangup: boolean
  /** Whether a session may outlive its socket. */
  readonly isResumable: boolean
  /** A connection is given up for what it sent. */
  readonly giveUp: (connection: Connection, code: CloseCode, reason: string) => void
}

/** Reads the frames of clients, and does what they ask where they may ask for it. */
export class Reception {
  readonly #host: SignalingHubHost
  readonly #outbox: Outbox
  readonly #sessions: Sessions
  readonly #access: Access
  readonly #config: ReceptionConfig

  constructor(
    host: SignalingHubHost,
    outbox: Outbox,
    sessions: Sessions,
    access: Access,
    config: ReceptionConfig,
  ) {
    this.#host = host
    this.#outbox = outbox
    this.#sessions = sessions
    this.#access = access
    this.#config = config
  }

  handleText(from: Connection, text: string): void {
    if (this.#handleBusyFrame(from, text)) return
    const frame = decodeClientFrame(text)
    if (frame instanceof SignalingError) this.#refuse(from, frame)
    else {
      this.#outbox.received(from.id, frame)
      this.#receive(from, frame)
    }
  }

  /** The bytes are borrowed. */
  handleBinary(from: Connection, bytes: Uint8Array): void {
    const message = decodeClientBinary(bytes)
    if (message instanceof SignalingError) {
      this.#refuse(from, message)
      return
    }
    const { header } = message
    const { place } = from.session
    const data = new Uint8Array(message.data)
    this.#outbox.receivedBinary(from.id, header, data)
    if (place.kind !== 'joined') this.#outbox.refuse(from.id, ErrorCode.notJoined, header.id)
    else this.#sessions.say(from.session, binaryCommand(place.messageHead, header, data))
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

  #refuse(from: Connection, { code, id, message }: SignalingError): void {
    this.#outbox.refuse(from.id, code, id, message)
    if (code === ErrorCode.frameTooLarge) this.#config.giveUp(from, CloseCode.frameTooLarge, message)
  }

  #receive(from: Connection, frame: ClientFrame): void {
    const { session } = from
    const { place } = session
    if (frame.type === 'ping') this.#outbox.send(from.id, { type: 'pong', id: frame.id })
    else if (frame.type === 'join') this.#join(from, frame)
    else if (frame.type === 'resume') {
      if (place.kind === 'outside' && from.resuming === undefined) this.#sessions.resume(from, frame)
      else this.#outbox.refuse(from.id, ErrorCode.alreadyJoined, frame.id)
    } else if (frame.type === 'leave') this.#leave(from, frame.id)
    else if (frame.type === 'ack') {
      if (place.kind === 'joined') this.#sessions.acknowledge(session, frame.seq)
    } else if (place.kind !== 'joined') this.#outbox.refuse(from.id, ErrorCode.notJoined, frame.id)
    else this.#sessions.say(session, relayCommand(place.peer, frame, this.#config.closeSessionOnHangup))
  }

  /** Asks access control. */
  #join(from: Connection, frame: JoinFrame): void {
    const { session } = from
    const { kind } = session.place
    if ((kind !== 'outside' && kind !== 'ended') || from.resuming !== undefined) {
      this.#outbox.refuse(from.id, ErrorCode.alreadyJoined, frame.id)
      return
    }
    if (kind === 'ended') this.#sessions.vacate(session)
    session.isResumable = frame.resumable === true && this.#config.isResumable
    this.#access.request(from, frame)
  }

  #leave(from: Connection, id: number | undefined): void {
    const { session } = from
    const { place } = session
    if (place.kind === 'outside' || place.kind === 'ended' || place.kind === 'resuming') {
      this.#outbox.refuse(from.id, ErrorCode.notJoined, id)
      return
    }
    const channel = place.kind === 'joined' ? place.channel.name : place.frame.channel
    this.#access.withdraw(from)
    this.#sessions.vacate(session, { id })
    // One whose entry is under way is told when it is through.
    if (place.kind !== 'entering') this.#outbox.send(from.id, { type: 'left', channel, reason: 'leave', id })
  }
}
