import type { Millis } from '@purertc/bytes'

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
