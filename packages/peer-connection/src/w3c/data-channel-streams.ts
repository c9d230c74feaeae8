import { invalidState } from '../errors.ts'
import type { Sendable } from './message-payload.ts'

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
  /** {@link ChannelStreams.threshold} is another. */
  thresholdChanged(): void
  close(): void
}

/** The two streams of a channel, made when they are asked for. */
export class ChannelStreams {
  readonly #channel: StreamedChannel
  #source: MessageSource | null = null
  #sink: MessageSink | null = null
  #isEnded = false

  constructor(channel: StreamedChannel) {
    this.#channel = channel
  }

  get readable(): ReadableStream<DataChannelMessage> {
    this.#source ??= new MessageSource(this.#channel)
    if (this.#isEnded) this.#source.end(null)
    return this.#source.stream
  }

  get writable(): WritableStream<Sendable> {
    this.#sink ??= new MessageSink(this.#channel)
    if (this.#isEnded) this.#sink.end(null)
    return this.#sink.stream
  }

  /** Where received messages go, once somebody reads them as a stream. */
  get source(): MessageSource | null {
    return this.#source
  }

  /** `bufferedAmount` at which {@link ChannelStreams.low} is to be called. */
  get threshold(): number {
    return this.#sink?.threshold ?? 0
  }

  opened(): void {
    this.#sink?.opened()
  }

  low(): void {
    this.#sink?.low()
  }

  /** The channel is closed, by a fault where there is an error. */
  end(error: Error | null): void {
    this.#isEnded = true
    this.#source?.end(error)
    this.#sink?.end(error)
  }
}

/** The messages of a channel as a `ReadableStream`. Who does not read it slows the peer down. */
class MessageSource {
  readonly stream: ReadableStream<DataChannelMessage>
  readonly #channel: StreamedChannel
  #controller: ReadableStreamDefaultController<DataChannelMessage> | null = null

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
      // An empty message takes room, too.
      { highWaterMark: READ_AHEAD, size: (message) => message.length + 1 },
    )
  }

  receive(message: DataChannelMessage): void {
    const controller = this.#controller
    if (controller === null) return
    controller.enqueue(message)
    if ((controller.desiredSize ?? 0) <= 0) this.#channel.pause()
  }

  /** Without an error, what was received can still be read. */
  end(error: Error | null): void {
    const controller = this.#controller
    this.#controller = null
    if (error === null) controller?.close()
    else controller?.error(error)
  }
}

/** A `WritableStream` of messages, which takes more only while few bytes wait to be sent. */
class MessageSink {
  readonly stream: WritableStream<Sendable>
  readonly #channel: StreamedChannel
  #controller: WritableStreamDefaultController | null = null
  /** Lets a write go on that waits for the channel to open, or for what waits to be sent. */
  #wake: (() => void) | null = null
  #threshold = 0

  constructor(channel: StreamedChannel) {
    this.#channel = channel
    this.stream = new WritableStream<Sendable>({
      start: (controller) => {
        this.#controller = controller
      },
      write: async (message) => {
        if (channel.isConnecting()) await this.#wait(0)
        channel.send(message)
        if (channel.bufferedAmount() > HIGH_WATER) await this.#wait(LOW_WATER)
      },
      // A data channel closes in both directions, once all is sent (RFC 8831 §6.7): there is no other way.
      close: async () => {
        if (channel.isConnecting()) await this.#wait(0)
        channel.close()
      },
      abort: () => channel.close(),
    })
  }

  get threshold(): number {
    return this.#threshold
  }

  opened(): void {
    if (this.#threshold === 0) this.#goOn()
  }

  low(): void {
    if (this.#channel.bufferedAmount() <= this.#threshold) this.#goOn()
  }

  end(error: Error | null): void {
    this.#controller?.error(error ?? invalidState('the channel is closed'))
    this.#goOn()
  }

  #wait(threshold: number): Promise<void> {
    this.#setThreshold(threshold)
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #goOn(): void {
    const wake = this.#wake
    this.#wake = null
    this.#setThreshold(0)
    wake?.()
  }

  #setThreshold(threshold: number): void {
    if (threshold === this.#threshold) return
    this.#threshold = threshold
    this.#channel.thresholdChanged()
  }
}

/** Bytes of messages that wait to be read here; what comes beyond waits in the transport. */
const READ_AHEAD = 262_144
/** Enough for a fast network while the event loop is elsewhere. */
const HIGH_WATER = 2_097_152
const LOW_WATER = 1_048_576
