import { asError } from '@purertc/bytes'

/**
 * - `invalid-options`: a `Peer` was made without what it needs.
 * - `not-connected`: data was sent while there is no link.
 * - `already-connecting`: `connect()` was called while a call before it is under way.
 * - `signaling`: the signalling server cannot be reached, or refused something.
 * - `negotiation`: a description or candidate cannot be used.
 * - `ice-failed`: no pair of candidates works.
 * - `link-failed`: DTLS or SCTP failed; `cause` says how. Among them a certificate that is not the one announced.
 * - `closed`: the peer object was closed.
 */
export type PeerFault =
  | 'invalid-options'
  | 'not-connected'
  | 'already-connecting'
  | 'signaling'
  | 'negotiation'
  | 'ice-failed'
  | 'link-failed'
  | 'closed'

/** What went wrong in a `Peer`: thrown by its methods, or told by its `error` event. */
export class PeerError extends Error {
  override readonly name = 'PeerError'
  readonly code: PeerFault

  constructor(code: PeerFault, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }

  /** `cause`, with its message, under a code of this class. */
  static from(code: PeerFault, cause: unknown): PeerError {
    if (cause instanceof PeerError) return cause
    return new PeerError(code, asError(cause).message, { cause })
  }
}
