/**
 * RFC 9260 §4, with CLOSED told apart: `new` before the association, when an INIT is answered, and `closed` after it,
 * when nothing begins any more.
 */
export type AssociationState =
  | 'new'
  | 'cookie-wait'
  | 'cookie-echoed'
  | 'established'
  | 'shutdown-pending'
  | 'shutdown-sent'
  | 'shutdown-received'
  | 'shutdown-ack-sent'
  | 'closed'

/** Whether the application may still give it something to send. */
export function isOpen(state: AssociationState): boolean {
  return state === 'new' || state === 'cookie-wait' || state === 'cookie-echoed' || state === 'established'
}

/** Why an association ended. */
export interface SctpCloseReason {
  /**
   * - `shutdown`: both sides agreed, and all data arrived.
   * - `aborted`: this side's `abort()`.
   * - `aborted-by-peer`: an ABORT came; `cause` is its first cause code.
   * - `timed-out`: the peer does not answer any more.
   * - `no-answer`: the peer never answered.
   * - `peer-misbehaved`: the peer broke the protocol, and was sent an ABORT with `cause`.
   */
  readonly code: 'shutdown' | 'aborted' | 'aborted-by-peer' | 'timed-out' | 'no-answer' | 'peer-misbehaved'
  /** An RFC 9260 §3.3.10 cause code. */
  readonly cause?: number
  readonly message: string
}
