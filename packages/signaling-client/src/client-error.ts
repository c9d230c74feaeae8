/**
 * - `no-websocket`: no WebSocket was given, and the platform has none.
 * - `already-connected`: `connect` was called twice.
 * - `connect-failed`: the connection did not come about, or the server speaks another protocol.
 * - `not-connected`, `not-joined`: what was asked for needs a connection, a channel.
 * - `closed`: the connection closed before the answer came.
 * - `timeout`: the answer did not come in time.
 * - `lost`: the session could not be resumed: the server may have got it, or not.
 * - `no-token`: the channel was to be joined anew, and the function that makes the token threw.
 * - `too-much`: as much waits for the server as this client keeps.
 * - `too-large`: a frame that no server takes.
 * - `bad-frame`: the server sent what the protocol does not know.
 */
export type SignalingClientFault =
  | 'no-websocket'
  | 'already-connected'
  | 'connect-failed'
  | 'not-connected'
  | 'not-joined'
  | 'closed'
  | 'timeout'
  | 'lost'
  | 'no-token'
  | 'too-much'
  | 'too-large'
  | 'bad-frame'

/** What went wrong, here or at the server. */
export class SignalingClientError extends Error {
  override readonly name = 'SignalingClientError'
  /** A {@link SignalingClientFault}, or an `ErrorCode` of the protocol: `join-refused`, `peer-taken` … */
  readonly code: string

  constructor(code: SignalingClientFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** What an `error` frame says; the codes of later servers are not known here. */
  static fromServer(code: string, message: string): SignalingClientError {
    return new SignalingClientError(code as SignalingClientFault, message)
  }
}
