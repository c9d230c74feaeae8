import type { IncomingMessage } from 'node:http'

import type { WebSocket } from 'ws'

/** One connection, as events and hooks show it. */
export interface SignalingPeer {
  /** Counts up from 1. */
  readonly id: number
  /** The request that opened it: address, headers, URL. */
  readonly request: IncomingMessage
  /** The channel it is in. */
  readonly channel: string | undefined
  /** Its name there. */
  readonly peer: string | undefined
  /** Closes it, by default with 1000. The other members get `peer-left`. */
  close(code?: number, reason?: string): void
}

/** A connection and its socket. */
export class SocketPeer implements SignalingPeer {
  readonly id: number
  readonly request: IncomingMessage
  readonly socket: WebSocket
  channel: string | undefined
  peer: string | undefined
  /** The code that this end gave the socket up with, where there was no goodbye to carry it. */
  cutWith: number | undefined

  constructor(id: number, request: IncomingMessage, socket: WebSocket) {
    this.id = id
    this.request = request
    this.socket = socket
  }

  close(code = 1000, reason = ''): void {
    this.socket.close(code, reason)
  }

  /** Gives the socket up without a goodbye, which would wait behind everything unread. */
  cut(code: number): void {
    this.cutWith = code
    this.socket.terminate()
  }
}
