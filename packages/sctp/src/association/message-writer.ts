import type { Millis } from '@purertc/bytes'

import { SctpError } from '../errors.ts'
import type { StreamedMessage } from '../send/streamed-message.ts'
import type { Departure } from './departure.ts'
import type { Outbox } from './outbox.ts'

/** A message on its way out that is sent while it is written. What its stream has to send next waits for its end. */
export interface MessageWriter {
  /**
   * Adds bytes; they are copied. Throws `SctpError` `closed`, `message-ended`, `message-too-large` or
   * `send-buffer-full`: `bufferedAmount` tells how much waits.
   */
  write(now: Millis, bytes: Uint8Array): void
  /**
   * Nothing more comes. `empty` is the payload protocol identifier that tells of a message to which nothing was written,
   * RFC 8831 §6.6. Throws `SctpError` `closed`, `message-ended`, or for want of `empty` `empty-message`.
   */
  end(now: Millis, empty?: number): void
  /** Gives the message up: the peer forgets it, or is told that it breaks off. Nothing happens after its end. */
  abort(now: Millis): void
}

/** The writer of a message that the outbox has opened. */
export function createMessageWriter(
  outbox: Outbox,
  departure: Departure,
  message: StreamedMessage,
  isOpen: () => boolean,
): MessageWriter {
  return {
    write: (now, bytes) => {
      if (!isOpen()) throw closedError()
      departure.bracket(now, () => outbox.write(now, message, bytes))
    },
    end: (now, empty) => {
      if (!isOpen()) throw closedError()
      departure.bracket(now, () => outbox.end(now, message, empty))
    },
    abort: (now) => {
      if (isOpen()) departure.bracket(now, () => outbox.abort(now, message))
    },
  }
}

export function closedError(): SctpError {
  return new SctpError('closed', 'the association is closed or shutting down')
}
