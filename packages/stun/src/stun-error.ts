/**
 * Why the API refused a call.
 *
 * - `invalid-address`: text that is no IP address, or a port out of range.
 * - `invalid-value`: an attribute value that its format cannot carry.
 * - `too-large`: a message of more than 65,535 bytes behind its header.
 * - `sealed`: an attribute added behind MESSAGE-INTEGRITY.
 * - `closed`: the object was closed before.
 */
export type StunMisuse = 'invalid-address' | 'invalid-value' | 'too-large' | 'sealed' | 'closed'

/**
 * Why a request has no answer to show.
 *
 * - a number: the ERROR-CODE of the server's answer, 300 to 699; `reason` is the server's phrase.
 * - `timeout`: all retransmissions went unanswered.
 * - `cancelled`: given up by the caller.
 * - `unauthenticated`: credentials were given, and nothing that came back was authentic.
 * - `malformed`: an answer without what it must contain.
 * - `transport`: the message could not be sent, or the connection has ended; `cause` says more.
 * - `unsupported`: the server does not offer what was asked for (behaviour discovery).
 */
export type StunFailure =
  number | 'timeout' | 'cancelled' | 'unauthenticated' | 'malformed' | 'transport' | 'unsupported'

/** Thrown for misuse; handed to a host or a promise for a failed request. */
export class StunError extends Error {
  override readonly name = 'StunError'
  readonly code: StunMisuse | StunFailure
  /** The phrase that goes with the code, for people. */
  readonly reason: string

  constructor(code: StunMisuse | StunFailure, reason: string, options?: ErrorOptions) {
    super(typeof code === 'number' ? `${code} ${reason}` : reason, options)
    this.code = code
    this.reason = reason
  }
}
