import type { Socket } from 'node:net'

import { type BatchBuffers, BURST, SINGLE } from './batch-buffers.ts'

/**
 * What is sent on a stream within one turn of the event loop leaves in one write. What the other side does not read is
 * dropped beyond a bound, as UDP would drop it.
 */
export class WriteBatch {
  readonly #socket: BatchSocket
  readonly #buffers: BatchBuffers
  readonly #limit: number
  #batch: Buffer = EMPTY
  /** Bytes of the batch that are taken. */
  #length = 0
  #isScheduled = false
  #isClosed = false
  readonly #flush = (): void => {
    this.#isScheduled = false
    this.write()
  }

  /** `limit`: bytes that may wait for the other side to read. */
  constructor(socket: BatchSocket, buffers: BatchBuffers, limit: number) {
    this.#socket = socket
    this.#buffers = buffers
    this.#limit = limit
  }

  /** Where {@link WriteBatch.reserve} made room. */
  get bytes(): Buffer {
    return this.#batch
  }

  /**
   * Makes room for a message, which the caller writes at once, all of it: its offset, or -1 where too much waits, unless
   * the message is vital.
   */
  reserve(size: number, isVital = false): number {
    if (this.#isClosed) return -1
    if (!isVital && this.#socket.writableLength + this.#length + size > this.#limit) return -1
    if (this.#length + size > this.#batch.length) this.#start(size)
    const at = this.#length
    this.#length += size
    if (!this.#isScheduled) {
      this.#isScheduled = true
      setImmediate(this.#flush)
    }
    return at
  }

  /**
   * Writes what there is. The socket keeps the bytes until they are sent, which they are at once where the system can
   * take them.
   */
  write(): void {
    if (this.#length > 0 && !this.#isClosed) {
      this.#socket.write(this.#batch.subarray(0, this.#length))
      if (this.#socket.writableLength === 0) this.#buffers.giveBack(this.#batch)
    }
    this.#batch = EMPTY
    this.#length = 0
  }

  /** Writes what there is, and nothing any more. */
  end(): void {
    this.write()
    this.#isClosed = true
  }

  /** Nothing is written any more. */
  close(): void {
    this.#isClosed = true
  }

  /** The second batch of one turn is the sign of a burst, and larger. */
  #start(needed: number): void {
    const size = this.#length > 0 ? BURST : SINGLE
    this.write()
    this.#batch = this.#buffers.take(Math.max(needed, size))
  }
}

/** What is needed of a stream. */
export type BatchSocket = Pick<Socket, 'writableLength'> & { write(chunk: Uint8Array): unknown }

const EMPTY = Buffer.alloc(0)
