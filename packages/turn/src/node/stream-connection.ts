import type { Socket } from 'node:net'

import { type StreamFault, StreamFramer } from '@purertc/stun'

import { TurnError } from '../turn-error.ts'
import { BatchBuffers } from './batch-buffers.ts'
import { WriteBatch } from './write-batch.ts'

export interface StreamConnectionHost {
  /** One message, as it would come in a datagram. Bytes are borrowed until the call returns. */
  received(bytes: Uint8Array): void
  /** The connection is over, by the other side's will or by a fault. Not called after `close()`. */
  ended(reason: StreamEnd, error: Error | null): void
}

/** `ended`: the other side closed it. `failed`: the system did. Else it sent what is no message. */
export type StreamEnd = 'ended' | 'failed' | StreamFault

/**
 * STUN and ChannelData on one TCP or TLS connection, RFC 8656 §12.5. What is sent within one turn of the event loop leaves
 * in one write; what the other side does not read is dropped beyond a bound, as UDP would drop it.
 */
export class StreamConnection {
  readonly #socket: Socket
  readonly #framer: StreamFramer
  readonly #batch: WriteBatch
  #host: StreamConnectionHost | null
  #isDetached = false

  /** Takes a connected socket over. `legacyChannels`: whether channels from 0x5000 on are messages (RFC 5766). */
  constructor(
    socket: Socket,
    legacyChannels: boolean,
    host: StreamConnectionHost,
    buffers: BatchBuffers = new BatchBuffers(),
  ) {
    this.#socket = socket
    this.#host = host
    this.#batch = new WriteBatch(socket, buffers, MAX_QUEUE)
    this.#framer = new StreamFramer((bytes) => this.#host?.received(bytes), {
      channelData: legacyChannels ? 'legacy' : true,
    })
    let cause: Error | null = null
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      if (this.#isDetached) return
      const fault = this.#framer.push(chunk)
      if (fault !== null) this.#end(fault, new TurnError('transport', `${fault} on a stream`))
      else if (this.#wasDetached() && this.#framer.rest.length > 0)
        socket.unshift(Buffer.from(this.#framer.rest))
    })
    socket.on('error', (error) => (cause = error))
    socket.on('close', () => this.#end(cause === null ? 'ended' : 'failed', cause))
  }

  /** Sends a copy of one message, padded as streams want it. */
  send(bytes: Uint8Array): void {
    if (this.#host === null) return
    const padded = (bytes.length + 3) & ~3
    const at = this.#batch.reserve(padded)
    if (at < 0) return
    this.#batch.bytes.set(bytes, at)
    this.#batch.bytes.fill(0, at + bytes.length, at + padded)
  }

  /** Sends what waits and resolves when the system has released the connection. */
  async close(): Promise<void> {
    this.#batch.end()
    this.#host = null
    this.#framer.close()
    if (this.#socket.closed) return
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.destroySoon()
    // Who does not read keeps a connection open that has something to say.
    const patience = setTimeout(() => this.#socket.destroy(), LINGER)
    await closed
    clearTimeout(patience)
  }

  /**
   * Hands the socket over, paused: it carries no messages any more. What was read behind the last message can be read from
   * it again.
   */
  detach(): Socket {
    this.#batch.end()
    this.#isDetached = true
    this.#host = null
    this.#framer.close()
    this.#socket.pause()
    this.#socket.removeAllListeners('data')
    return this.#socket
  }

  /** Ends it at once, with nothing said to the host. */
  destroy(): void {
    this.#host = null
    this.#batch.close()
    this.#framer.close()
    this.#socket.destroy()
  }

  /** A function, for the frames that were just handed out may have changed it. */
  #wasDetached(): boolean {
    return this.#isDetached
  }

  #end(reason: StreamEnd, error: Error | null): void {
    const host = this.#host
    if (this.#isDetached) return
    this.destroy()
    host?.ended(reason, error)
  }
}

/** Bytes that may wait for the other side to read. */
const MAX_QUEUE = 1 << 20

/** Milliseconds that a closed connection has to take what was sent last. */
const LINGER = 1_000
