import { invalidState } from '../errors.ts'
import type { Sendable } from './message-payload.ts'
import { HIGH_WATER, LOW_WATER, type SendRoom } from './send-room.ts'

/** What a readable stream of a channel yields: text as a string, bytes as a `Uint8Array` of their own. */
export type DataChannelMessage = string | Uint8Array

/** What the streams of a channel ask of it. */
export interface StreamedChannel {
  /** Messages are held back in the transport, which in the end stops the peer. */
  pause(): void
  resume(): void
  isConnecting(): boolean
  send(message: Sendable): void
  bufferedAmount(): number
  close(): void
}

/** The two streams of a channel, made when they are asked for. */
export class ChannelStreams {
  readonly #channel: StreamedChannel
  readonly #room: SendRoom
  #source: MessageSource | null = null
  #sink: MessageSink | null = null
  #isEnded = false

  constructor(channel: StreamedChannel, room: SendRoom) {
    this.#channel = channel
    this.#room = room
  }

  /** Where received messages go from now on. */
  get source(): MessageSource {
    this.#source ??= new MessageSource(this.#channel)
    if (this.#isEnded) this.#source.end(null)
    return this.#source
  }

  get writable(): WritableStream<Sendable> {
    this.#sink ??= new MessageSink(this.#channel, this.#room)
    if (this.#isEnded) this.#sink.end(null)
    return this.#sink.stream
  }

  /** The channel is closed, by a fault where there is an error. */
  end(error: Error | null): void {
    this.#isEnded = true
    this.#source?.end(error)
    this.#sink?.end(error)
  }
}

/** The messages of a channel as a `ReadableStream`. Who does not read it slows the peer down. */
export class MessageSource {
  readonly stream: ReadableStream<DataChannelMessage>
  readonly #channel: StreamedChannel
  #controller: ReadableStreamDefaultController<DataChannelMessage> | null = null
  /** The size of messages that came and were not handed on yet. */
  #expected = 0

  constructor(channel: StreamedChannel) {
    this.#channel = channel
    this.stream = new ReadableStream<DataChannelMessage>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => channel.resume(),
        cancel: () => {
          // What comes from now on is of no interest, and must not stop the peer.
          this.#controller = null
          channel.resume()
        },
      },
      { highWaterMark: READ_AHEAD, size: sizeOf },
    )
  }

  /** A message has come; returns what hands it on. */
  expect(message: DataChannelMessage): () => void {
    this.#expected += sizeOf(message)
    this.#considerPause()
    return () => {
      this.#expected -= sizeOf(message)
      this.#controller?.enqueue(message)
      this.#considerPause()
    }
  }

  #considerPause(): void {
    const controller = this.#controller
    if (controller !== null && (controller.desiredSize ?? 0) <= this.#expected) this.#channel.pause()
  }

  /** Without an error, what was received can still be read. */
  end(error: Error | null): void {
    const controller = this.#controller
    this.#controller = null
    if (error === null) controller?.close()
    else controller?.error(error)
  }
}

/** An empty message takes room, too. */
const sizeOf = (message: DataChannelMessage): number => message.length + 1

/** A `WritableStream` of messages, which takes more only while few bytes wait to be sent. */
class MessageSink {
  readonly stream: WritableStream<Sendable>
  #controller: WritableStreamDefaultController | null = null

  constructor(channel: StreamedChannel, room: SendRoom) {
    this.stream = new WritableStream<Sendable>({
      start: (controller) => {
        this.#controller = controller
      },
      write: async (message) => {
        if (channel.isConnecting()) await room.wait(0)
        channel.send(message)
        if (channel.bufferedAmount() > HIGH_WATER) await room.wait(LOW_WATER)
      },
      // A data channel closes in both directions, once all is sent (RFC 8831 §6.7): there is no other way.
      close: async () => {
        if (channel.isConnecting()) await room.wait(0)
        channel.close()
      },
      abort: () => channel.close(),
    })
  }

  end(error: Error | null): void {
    this.#controller?.error(error ?? invalidState('the channel is closed'))
  }
}

/** Bytes of messages that wait to be read here; what comes beyond waits in the transport. */
export const READ_AHEAD = 262_144
