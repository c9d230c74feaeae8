import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import type { WebSocket, WebSocketServer } from 'ws'

import { type Admitted, type Gate, Refusal, refuse } from './admission.ts'

export interface UpgradesHost {
  opened(socket: WebSocket, stream: Duplex, admitted: Admitted): void
  refused(request: IncomingMessage, refusal: Refusal): void
}

/** Requests for a WebSocket, each of which becomes one or is refused. */
export class Upgrades {
  readonly #gate: Gate
  readonly #sockets: WebSocketServer
  readonly #host: UpgradesHost
  /** Those that wait for a hook. */
  readonly #waiting: Set<Duplex> = new Set()
  #isClosed = false

  constructor(gate: Gate, sockets: WebSocketServer, host: UpgradesHost) {
    this.#gate = gate
    this.#sockets = sockets
    this.#host = host
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
      this.#sockets.handleUpgrade(request, socket, Buffer.from(head), (webSocket) =>
        this.#host.opened(webSocket, socket, admitted),
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

const CLOSING = new Refusal(503, 'the server shuts down')
