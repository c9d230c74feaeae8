import { operationError } from '../errors.ts'
import type { MessageSource } from './data-channel-streams.ts'
import { IncomingMessages } from './incoming-messages.ts'
import { type BinaryType, messageData, textOf } from './message-payload.ts'
import type { ReceiveHold } from './receive-hold.ts'

/** How the application hears of what arrives, where it does not read it as a stream. */
export interface InboxEvents {
  message(data: string | ArrayBuffer | Blob): void
  messageStream(stream: ReadableStream<Uint8Array>, isText: boolean): void
}

/**
 * What arrives on a channel, on its way to the application. It is taken over at once, for bytes are borrowed, and handed on in
 * its turn among the events: what a stream has not got by then counts as unread.
 */
export class ChannelInbox {
  readonly #events: InboxEvents
  readonly #parts: IncomingMessages
  #source: MessageSource | null = null
  binaryType: BinaryType = 'arraybuffer'

  constructor(hold: ReceiveHold, events: InboxEvents) {
    this.#events = events
    this.#parts = new IncomingMessages(hold, (stream, isText) => events.messageStream(stream, isText))
  }

  /** From now on messages go there. */
  set source(source: MessageSource) {
    this.#source = source
  }

  /** Returns the event. */
  receive(bytes: Uint8Array, isText: boolean): () => void {
    const source = this.#source
    if (source !== null) return source.expect(isText ? textOf(bytes) : new Uint8Array(bytes))
    const data = messageData(bytes, isText, this.binaryType)
    return () => this.#events.message(data)
  }

  /** As {@link ChannelInbox.receive}, for a part of a message that is too large to come whole. */
  receivePart(bytes: Uint8Array, isText: boolean, isLast: boolean): () => void {
    return this.#parts.expect(new Uint8Array(bytes), isText, isLast)
  }

  /** The peer gave up the message whose parts came. */
  breakOff(): void {
    this.#parts.end(operationError('the peer gave the message up'))
  }

  /** The channel is closed. */
  end(error: Error | null): void {
    this.#parts.end(error ?? operationError('the channel closed amid a message'))
  }
}
