import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import type { WebSocket } from 'ws'

import type { FrameWriter, Outgoing } from './frame-writer.ts'
import type { SignalingPeer } from './signaling-peer.ts'

/** A connection and its socket. */
export class SocketPeer implements SignalingPeer, Outgoing {
  readonly id: number
  readonly request: IncomingMessage
  readonly address: string
  readonly user: string | undefined
  readonly socket: WebSocket
  /** What the socket stands on. */
  readonly stream: Duplex
  pending = ''
  channel: string | undefined
  peer: string | undefined
  /** The code that this end gave the socket up with, where there was no goodbye to carry it. */
  cutWith: number | undefined
  readonly #writer: FrameWriter

  constructor(
    id: number,
    { request, address, user }: Admission,
    socket: WebSocket,
    stream: Duplex,
    writer: FrameWriter,
  ) {
    this.id = id
    this.request = request
    this.address = address
    this.user = user
    this.socket = socket
    this.stream = stream
    this.#writer = writer
    this.channel = undefined
    this.peer = undefined
    this.cutWith = undefined
  }

  /** Bytes that the other end has yet to read. */
  get unsent(): number {
    return this.pending.length + this.stream.writableLength
  }

  send(frame: string | Uint8Array): void {
    if (typeof frame === 'string') this.#writer.text(this, frame)
    else this.#writer.binary(this, frame)
  }

  close(code = 1000, reason = ''): void {
    // What this end means by the code holds, whatever the other end answers.
    this.cutWith ??= code
    this.#writer.flush(this)
    this.socket.close(code, reason)
  }

  /** Gives the socket up without a goodbye, which would wait behind everything unread. */
  cut(code: number): void {
    this.cutWith = code
    this.socket.terminate()
  }
}

/** An upgrade on its way in. */
export interface Admission {
  readonly request: IncomingMessage
  readonly address: string
  readonly user: string | undefined
}
