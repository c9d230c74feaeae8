import { Duplex } from 'node:stream'

import { asError } from '@purertc/bytes'

import { channelControl, type RTCDataChannel } from '../w3c/data-channel.ts'
import type { DataChannelMessage } from '../w3c/data-channel-streams.ts'
import type { Sendable } from '../w3c/message-payload.ts'

export interface DataChannelDuplexOptions {
  /**
   * What is written and read are messages, strings or bytes, in place of a stream of bytes whose cuts mean nothing.
   * Default false.
   */
  readonly messages?: boolean
  /** Bytes of a message that a stream of bytes is cut into. Default 65,536, or less where the peer takes less. */
  readonly messageSize?: number
}

/**
 * A data channel as a Node stream, with backpressure in both directions: a reader that stops stops the peer. From now on
 * the channel fires no `message` events. The channel must be ordered and reliable for a stream of bytes to make sense.
 *
 * A data channel has no half-closed state: `end()` closes it in both directions, after all that was written.
 *
 * @example
 * await pipeline(createReadStream('film.mkv'), new DataChannelDuplex(channel))
 */
export class DataChannelDuplex extends Duplex {
  readonly #channel: RTCDataChannel
  readonly #messageSize: number
  readonly #isOfMessages: boolean
  readonly #reader: ReadableStreamDefaultReader<DataChannelMessage>
  readonly #writer: WritableStreamDefaultWriter<Sendable>

  constructor(channel: RTCDataChannel, options: DataChannelDuplexOptions = {}) {
    const { messages = false, messageSize = DEFAULT_MESSAGE_SIZE } = options
    super({ objectMode: messages, ...(!messages && { highWaterMark: READ_AHEAD }) })
    this.#channel = channel
    this.#isOfMessages = messages
    this.#messageSize = messageSize
    this.#reader = channel.readable.getReader()
    this.#writer = channel.writable.getWriter()
    // What goes wrong is told by the read or the write that it befalls.
    this.#reader.closed.catch(() => undefined)
    this.#writer.closed.catch(() => undefined)
    this.#writer.ready.catch(() => undefined)
  }

  override _read(): void {
    this.#readNext().catch((error: unknown) => this.destroy(asError(error)))
  }

  override _write(chunk: Sendable, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#send(chunk).then(
      () => done(),
      (error: unknown) => done(asError(error)),
    )
  }

  override _final(done: (error?: Error | null) => void): void {
    // Where the peer has closed the channel, there is nothing left to be closed.
    if (this.#channel.readyState === 'closed') done()
    else
      this.#writer.close().then(
        () => done(),
        (error: unknown) => done(asError(error)),
      )
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#channel.close()
    // A stream that has failed already cannot be cancelled, and need not be.
    this.#reader.cancel().then(
      () => done(error),
      () => done(error),
    )
  }

  async #readNext(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#reader.read()
      if (done) {
        this.push(null)
        return
      }
      const chunk = typeof value === 'string' && !this.#isOfMessages ? Buffer.from(value) : value
      // A stream of bytes does not show empty messages.
      if (chunk.length === 0 && !this.#isOfMessages) continue
      this.push(chunk)
      return
    }
  }

  async #send(chunk: Sendable): Promise<void> {
    if (this.#isOfMessages || !(chunk instanceof Uint8Array)) {
      await this.#writer.write(chunk)
      return
    }
    const limit = channelControl.maxMessageSize(this.#channel)
    const size = limit === 0 ? this.#messageSize : Math.min(this.#messageSize, limit)
    for (let at = 0; at < chunk.length; at += size) await this.#writer.write(chunk.subarray(at, at + size))
  }
}

/** What a peer takes that says nothing of it, RFC 8841 §6. */
const DEFAULT_MESSAGE_SIZE = 65_536
const READ_AHEAD = 65_536
