import type { Millis } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import { SctpError } from '../errors.ts'
import { MessageStore } from '../send/message-store.ts'
import { OutgoingMessage } from '../send/outgoing-message.ts'
import type { Sender } from '../send/sender.ts'
import { StreamedMessage } from '../send/streamed-message.ts'
import type { SendOptions } from './host.ts'

/** What the user gives to send: its limits, and its way into the sender's queue. */
export class Outbox {
  readonly #settings: Settings
  readonly #store = new MessageStore()
  #sender: Sender
  /** Messages that are still being written. */
  readonly #open = new Set<StreamedMessage>()
  /** Streams that the peer takes. */
  streams: number
  /** The largest message that the peer takes; 0 for any size. */
  remoteMaxMessageSize: number

  constructor(settings: Settings, sender: Sender) {
    this.#settings = settings
    this.#sender = sender
    this.streams = settings.streams
    this.remoteMaxMessageSize = settings.remoteMaxMessageSize
  }

  /** The association begins anew: what was being written goes nowhere. */
  restart(sender: Sender): void {
    this.#sender = sender
    this.#open.clear()
  }

  /** Throws {@link SctpError} `invalid-stream`. */
  checkStream(stream: number): void {
    if (!(stream >= 0 && stream < this.streams))
      throw new SctpError('invalid-stream', `stream ${stream} of ${this.streams}`)
  }

  /** Throws {@link SctpError} `empty-message`, `message-too-large` or `send-buffer-full`. */
  send(
    now: Millis,
    stream: number,
    protocol: number,
    message: Uint8Array,
    options: SendOptions | undefined,
  ): void {
    const isUncounted = options?.uncounted ?? false
    if (message.length === 0) throw new SctpError('empty-message', 'SCTP carries no empty message')
    if (!isUncounted) this.#checkRoom(message.length, message.length)
    if (this.#sender.isDrained) this.#store.rewind()
    const buffer = this.#store.keep(message)
    const outgoing = new OutgoingMessage(
      stream,
      protocol,
      options?.unordered ?? false,
      buffer,
      this.#store.start,
      message.length,
      options?.maxRetransmits ?? Infinity,
      options?.lifetime === undefined ? Infinity : now + options.lifetime,
      !isUncounted,
    )
    this.#sender.push(now, outgoing)
  }

  /** Queues a message that is written later. Throws {@link SctpError} `cannot-stream`. */
  open(now: Millis, stream: number, protocol: number, unordered: boolean): StreamedMessage {
    if (!this.#sender.canStream)
      throw new SctpError('cannot-stream', 'the peer takes no interleaved messages, or cannot skip one')
    const message = new StreamedMessage(stream, protocol, unordered)
    this.#open.add(message)
    this.#sender.push(now, message)
    return message
  }

  /** Throws {@link SctpError} `message-ended`, `message-too-large` or `send-buffer-full`. */
  write(now: Millis, message: StreamedMessage, bytes: Uint8Array): void {
    this.#checkOpen(message)
    this.#checkRoom(message.written + bytes.length, bytes.length)
    message.write(bytes)
    this.#sender.extended(now, message, bytes.length)
  }

  /** Throws {@link SctpError} `message-ended` or `empty-message`. */
  end(now: Millis, message: StreamedMessage, empty: number | undefined): void {
    this.#checkOpen(message)
    const isEmpty = message.written === 0
    if (isEmpty && empty === undefined) throw new SctpError('empty-message', 'SCTP carries no empty message')
    this.#open.delete(message)
    message.end(isEmpty ? empty : undefined)
    this.#sender.extended(now, message, isEmpty ? 1 : 0)
  }

  /** What is left of the message is not sent, and the peer is told to forget it. */
  abort(now: Millis, message: StreamedMessage): void {
    if (this.#open.delete(message)) this.#sender.abandon(now, message)
  }

  /** Aborts what is being written, on these streams or on all: they are to be reset, or the association to end. */
  abortOpen(now: Millis, streams: readonly number[] | null): void {
    for (const message of this.#open)
      if (streams === null || streams.includes(message.stream)) this.abort(now, message)
  }

  #checkOpen(message: StreamedMessage): void {
    if (!this.#open.has(message)) throw new SctpError('message-ended', 'the message was ended or given up')
  }

  #checkRoom(size: number, added: number): void {
    if (this.remoteMaxMessageSize > 0 && size > this.remoteMaxMessageSize)
      throw new SctpError('message-too-large', `${size} bytes; the peer takes ${this.remoteMaxMessageSize}`)
    if (this.#sender.queue.queuedBytes + added > this.#settings.sendBufferSize)
      throw new SctpError('send-buffer-full', `more than ${this.#settings.sendBufferSize} bytes are queued`)
  }
}
