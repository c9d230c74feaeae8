import { toUtf8 } from '@purertc/bytes'

import { operationError } from '../errors.ts'
import { READ_AHEAD } from './data-channel-streams.ts'
import { type Sendable, payloadOf } from './message-payload.ts'
import { HIGH_WATER, LOW_WATER, type SendRoom } from './send-room.ts'

/** A message on its way out that is sent while it is written. */
export interface PartWriter {
  write(bytes: Uint8Array): void
  end(): void
  abort(): void
}

/** What sending a stream as one message asks of its channel. */
export interface MessageStreamTarget {
  readonly room: SendRoom
  isConnecting(): boolean
  bufferedAmount(): number
  /** The largest message that the peer takes whole, in bytes. */
  largestWhole(): number
  /** Null where the peer does not take messages in pieces. Throws unless the channel is open. */
  openMessage(isText: boolean): PartWriter | null
  send(message: Sendable): void
}

export type MessagePiece = string | ArrayBuffer | ArrayBufferView

/** Sends all that the stream yields as one message; text where it begins with a string. */
export async function sendStream(
  target: MessageStreamTarget,
  source: ReadableStream<MessagePiece>,
): Promise<void> {
  const reader = source.getReader()
  let writer: PartWriter | null = null
  try {
    if (target.isConnecting()) await target.room.wait(0)
    let next = await reader.read()
    const isText = typeof next.value === 'string'
    writer = target.openMessage(isText) ?? new WholeMessage(target, isText)
    for (; !next.done; next = await reader.read()) {
      writer.write(typeof next.value === 'string' ? toUtf8(next.value) : payloadOf(next.value).bytes)
      if (target.bufferedAmount() > HIGH_WATER) await target.room.wait(LOW_WATER)
    }
    writer.end()
  } catch (error) {
    writer?.abort()
    // Why it failed matters more than how its source takes it.
    reader.cancel(error).catch(() => undefined)
    throw error
  }
}

/** For a peer that does not take messages in pieces: they are put together here. */
class WholeMessage implements PartWriter {
  readonly #target: MessageStreamTarget
  readonly #isText: boolean
  #pieces: Uint8Array[] = []
  #size = 0

  constructor(target: MessageStreamTarget, isText: boolean) {
    this.#target = target
    this.#isText = isText
  }

  write(bytes: Uint8Array): void {
    this.#size += bytes.length
    const most = this.#target.largestWhole()
    if (this.#size > most) throw operationError(`the peer takes ${most} bytes, and no message in pieces`)
    this.#pieces.push(new Uint8Array(bytes))
  }

  end(): void {
    const whole = new Uint8Array(this.#size)
    let at = 0
    for (const piece of this.#pieces) {
      whole.set(piece, at)
      at += piece.length
    }
    this.#target.send(this.#isText ? new TextDecoder('utf-8', { ignoreBOM: true }).decode(whole) : whole)
  }

  abort(): void {
    this.#pieces = []
  }
}

/** A message that comes in parts, as a stream. Who does not read it slows the peer down. */
export class IncomingMessage {
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
