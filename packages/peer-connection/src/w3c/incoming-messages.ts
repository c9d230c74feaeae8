import { READ_AHEAD } from './data-channel-streams.ts'
import type { ReceiveHold } from './receive-hold.ts'

/** The messages of a channel that come in parts, one at a time. */
export class IncomingMessages {
  readonly #hold: ReceiveHold
  readonly #begun: (stream: ReadableStream<Uint8Array>, isText: boolean) => void
  #message: IncomingMessage | null = null
  /** Bytes that were taken over and not handed on yet. */
  #expected = 0

  /** `begun`: the first part of a message is about to be put into its stream. */
  constructor(hold: ReceiveHold, begun: (stream: ReadableStream<Uint8Array>, isText: boolean) => void) {
    this.#hold = hold
    this.#begun = begun
  }

  /** Keeps the bytes, and returns what hands them on. */
  expect(part: Uint8Array, isText: boolean, isLast: boolean): () => void {
    this.#expected += part.length
    if (this.#expected >= (this.#message?.room ?? READ_AHEAD)) this.#hold.hold(this)
    return () => {
      this.#expected -= part.length
      this.#receive(part, isText, isLast)
      if (this.#expected === 0) this.#hold.release(this)
    }
  }

  /** The present message, if there is one, is complete; where there is an error, it breaks off. */
  end(error: Error | null): void {
    const message = this.#message
    if (message === null) return
    this.#message = null
    message.end(error)
    this.#hold.release(message)
  }

  #receive(part: Uint8Array, isText: boolean, isLast: boolean): void {
    const message = this.#message ?? this.#begin(isText)
    message.receive(part)
    if (isLast) this.end(null)
  }

  #begin(isText: boolean): IncomingMessage {
    const message: IncomingMessage = new IncomingMessage(
      () => this.#hold.hold(message),
      () => this.#hold.release(message),
    )
    this.#message = message
    this.#begun(message.stream, isText)
    return message
  }
}

/** A message that comes in parts, as a stream. Who does not read it slows the peer down. */
class IncomingMessage {
  readonly stream: ReadableStream<Uint8Array>
  readonly #hold: () => void
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null

  /** `hold` and `goOn`: the transport keeps what comes, and in the end stops the peer. */
  constructor(hold: () => void, goOn: () => void) {
    this.#hold = hold
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: goOn,
        cancel: () => {
          // The rest is of no interest, and must not stop the peer.
          this.#controller = null
          goOn()
        },
      },
      { highWaterMark: READ_AHEAD, size: (part) => part.length },
    )
  }

  /** Bytes that its stream takes before it has enough. */
  get room(): number {
    return Math.max(0, this.#controller?.desiredSize ?? READ_AHEAD)
  }

  receive(part: Uint8Array): void {
    const controller = this.#controller
    if (controller === null || part.length === 0) return
    controller.enqueue(part)
    if ((controller.desiredSize ?? 0) <= 0) this.#hold()
  }

  /** By its end, or where there is an error by breaking off. */
  end(error: Error | null): void {
    const controller = this.#controller
    this.#controller = null
    if (error === null) controller?.close()
    else controller?.error(error)
  }
}
