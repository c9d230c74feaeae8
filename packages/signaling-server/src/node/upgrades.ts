import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import type { WebSocket, WebSocketServer } from 'ws'

import { type Admitted, type Gate, Refusal, refuse } from './admission.ts'
import { FrameReader } from './frame-reader.ts'

export interface UpgradesHost {
  opened(socket: WebSocket, stream: Duplex, reader: FrameReader, admitted: Admitted): void
  refused(request: IncomingMessage, refusal: Refusal): void
}

/** Requests for a WebSocket, each of which becomes one or is refused. */
export class Upgrades {
  readonly #gate: Gate
  readonly #sockets: WebSocketServer
  readonly #host: UpgradesHost
  readonly #maxPayload: number
  /** Those that wait for a hook. */
  readonly #waiting: Set<Duplex> = new Set()
  #isClosed = false

  constructor(gate: Gate, sockets: WebSocketServer, host: UpgradesHost) {
    this.#gate = gate
    this.#sockets = sockets
    this.#host = host
    this.#maxPayload = sockets.options.maxPayload ?? Infinity
  }

  async take(request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<void> {
    const drop = (): void => void socket.destroy()
    socket.on('error', drop)
    this.#waiting.add(socket)
    try {
      if (this.#isClosed) throw CLOSING
      const admitted = await this.#gate.admit(request)
      this.#waiting.delete(socket)
      if (this.#isClosed || socket.destroyed) {
        admitted.release()
        if (this.#isClosed) throw CLOSING
        return
      }
      socket.off('error', drop)
      // `ws` itself refuses what is no sound request, and then does not call back.
      socket.once('close', () => admitted.release())
      const reader = new FrameReader(socket, head, this.#maxPayload)
      this.#sockets.handleUpgrade(request, reader, NOTHING, (webSocket) =>
        this.#host.opened(webSocket, socket, reader, admitted),
      )
    } catch (error) {
      this.#waiting.delete(socket)
      const refusal =
        error instanceof Refusal ? error : new Refusal(500, 'the server failed', { cause: error })
      refuse(socket, refusal)
      this.#host.refused(request, refusal)
    }
  }

  /** From now on all are refused. */
  close(): void {
    this.#isClosed = true
  }

  /** Those that still wait are refused as well. */
  refuseWaiting(): void {
    for (const socket of this.#waiting) refuse(socket, CLOSING)
  }
}

const NOTHING = Buffer.alloc(0)
const CLOSING = new Refusal(503, 'the server shuts down')
