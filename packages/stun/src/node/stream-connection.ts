import type { Socket } from 'node:net'

import { type StreamFault, StreamFramer } from '../stream-framer.ts'

export interface StreamLimits {
  /** Bytes of the largest message that is taken. Default 4,096: far more than Binding needs. */
  readonly maxFrame?: number
  /** Milliseconds without a whole message before a connection is closed; half messages do not count. Default 60,000. */
  readonly idleTimeout?: number
  /** Bytes that may wait for a peer that does not read, before its connection is closed. Default 65,536. */
  readonly maxUnsent?: number
}

/**
 * Why a connection was ended from this side: what the framer could not read, a peer that kept silent, or one that sent
 * without ever reading.
 */
export type StreamEnd = StreamFault | 'idle' | 'not-reading'

export interface StreamConnectionHost {
  /** One message; `bytes` are borrowed until the call returns. */
  received(bytes: Uint8Array): void
  /** The connection is gone: ended from here for a reason, broken by an error, or closed by the peer (`null`). */
  closed(cause: Error | StreamEnd | null): void
}

/** One TCP or TLS connection that carries STUN messages (RFC 8489 §6.2.2), with limits for peers that mean no good. */
export class StreamConnection {
  readonly #socket: Socket
  readonly #host: StreamConnectionHost
  readonly #framer: StreamFramer
  readonly #maxUnsent: number
  readonly #idle: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(socket: Socket, limits: StreamLimits, host: StreamConnectionHost) {
    const { maxFrame = 4_096, idleTimeout = 60_000, maxUnsent = 65_536 } = limits
    this.#socket = socket
    this.#host = host
    this.#maxUnsent = maxUnsent
    if (idleTimeout !== Infinity) this.#idle = setTimeout(() => this.#end('idle'), idleTimeout)
    this.#framer = new StreamFramer(
      (bytes) => {
        this.#idle?.refresh()
        host.received(bytes)
      },
      { maxFrame },
    )
    socket.setNoDelay(true)
    socket.on('data', (chunk: Uint8Array) => {
      const fault = this.#framer.push(chunk)
      if (fault !== null) this.#end(fault)
    })
    socket.on('error', (error) => this.#end(error))
    socket.on('close', () => this.#end(null))
  }

  /** Sends a copy of the bytes, one whole message; does nothing once closed. */
  send(bytes: Uint8Array): void {
    if (this.#isClosed) return
    // Not slice(): that of a Node Buffer is a view.
    this.#socket.write(new Uint8Array(bytes))
    if (this.#socket.writableLength > this.#maxUnsent) this.#end('not-reading')
  }

  /** Ends the connection; the host is not told. */
  close(): void {
    this.#release()
    this.#socket.destroy()
  }

  #end(cause: Error | StreamEnd | null): void {
    if (this.#isClosed) return
    this.close()
    this.#host.closed(cause)
  }

  #release(): void {
    this.#isClosed = true
    clearTimeout(this.#idle)
    this.#framer.close()
  }
}
