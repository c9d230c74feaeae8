import type { TransportAddress } from '@purertc/stun'

/**
 * Why the API refused a call.
 *
 * - `invalid-state`: `allocate` on a client that has begun before, a server that was closed.
 * - `not-allocated`: data or a peer for a client that has no allocation yet.
 * - `invalid-peer`: a peer whose address is no IP address or whose port is none.
 * - `too-large`: data that fits no datagram.
 * - `invalid-config`: an option out of its range.
 */
export type TurnMisuse = 'invalid-state' | 'not-allocated' | 'invalid-peer' | 'too-large' | 'invalid-config'

/**
 * Why an allocation or a permission could not be had, or was lost.
 *
 * - a number: the ERROR-CODE of the server's answer (RFC 8656 §19); `reason` is the server's phrase. After 486 and 508
 *   a client waits a minute before it asks the same server again (RFC 8656 §7.4).
 * - `timeout`: the server does not answer.
 * - `unauthenticated`: it answers, but nothing that came was made with our key.
 * - `malformed`: an authentic answer without what it must contain.
 * - `transport`: the socket failed, or the connection to the server could not be made or has ended (node drivers).
 * - `cancelled`: its `signal` gave it up (node drivers).
 */
export type TurnFailure = number | 'timeout' | 'unauthenticated' | 'malformed' | 'transport' | 'cancelled'

/** Thrown for misuse; handed to the host for what went wrong with the server. */
export class TurnError extends Error {
  override readonly name = 'TurnError'
  readonly code: TurnMisuse | TurnFailure
  /** The phrase that goes with the code, for people. */
  readonly reason: string
  /** With code 300: the server to ask instead. */
  readonly alternateServer: TransportAddress | undefined

  constructor(
    code: TurnMisuse | TurnFailure,
    reason: string,
    options: ErrorOptions & { readonly alternateServer?: TransportAddress | undefined } = {},
  ) {
    super(typeof code === 'number' ? `${code} ${reason}` : reason, options)
    this.code = code
    this.reason = reason
    this.alternateServer = options.alternateServer
  }

  /** The error itself where it is one, else one of that code with it as its cause. */
  static from(code: TurnMisuse | TurnFailure, error: unknown): TurnError {
    if (error instanceof TurnError) return error
    const hasMessage = typeof error === 'object' && error !== null && 'message' in error
    return new TurnError(code, String(hasMessage ? error.message : error), { cause: error })
  }
}

/** Whether nothing authentic was heard: the request may be made again. */
export function isSilence({ code }: TurnError): boolean {
  return code === 'timeout' || code === 'unauthenticated'
}
