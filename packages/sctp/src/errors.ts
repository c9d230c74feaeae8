/**
 * - `closed`: the association has ended, or is shutting down.
 * - `invalid-stream`: a stream identifier that the peer does not take.
 * - `stream-resetting`: the stream is being reset; it can be used again once that is done.
 * - `empty-message`: SCTP carries no message of zero bytes (RFC 8831 §6.6 shows the way around).
 * - `message-too-large`: larger than the peer's limit.
 * - `send-buffer-full`: more is queued than the configuration allows.
 * - `cannot-stream`: the peer takes no messages in pieces; see `SctpAssociation.canStreamMessages`.
 * - `message-ended`: a message that is written in pieces was ended, or given up with its stream.
 * - `invalid-config`: a setting out of its range.
 * - `invalid-channel`: a channel that is not open, or an id that is taken or out of range.
 */
export type SctpFault =
  | 'closed'
  | 'invalid-stream'
  | 'stream-resetting'
  | 'empty-message'
  | 'message-too-large'
  | 'send-buffer-full'
  | 'cannot-stream'
  | 'message-ended'
  | 'invalid-config'
  | 'invalid-channel'

/** Thrown where the API is misused. What the peer does wrong closes the association instead. */
export class SctpError extends Error {
  override readonly name = 'SctpError'
  readonly code: SctpFault

  constructor(code: SctpFault, message: string) {
    super(message)
    this.code = code
  }
}
