import { toUtf8 } from '@purertc/bytes'

import { operationError } from '../errors.ts'
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
      target.room.written()
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
