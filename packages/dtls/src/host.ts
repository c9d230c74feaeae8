import type { Millis } from '@purertc/bytes'

import type { PeerMisbehaved } from './errors.ts'
import type { ResumableSession } from './resumption/resumable-session.ts'
import type { DtlsSession } from './session.ts'

/** `failed`: it ended by a fault, ours or the peer's or the network's. `closed`: one of the two closed it. */
export type AssociationState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed'

/** What an association asks of its host. Called synchronously; bytes are borrowed until the call returns. */
export interface DtlsHost {
  /**
   * Sends a datagram to the peer. `isHandshake`: it belongs to the handshake, acknowledgements and later messages of it
   * included, and carries neither data nor an alert. `path`: the one that the peer is on, of those that the host gave
   * with datagrams; hosts that know but one way to the peer do not care.
   */
  transmit(datagram: Uint8Array, isHandshake: boolean, path: string): void
  /** The handshake completed: the peer is who it should be, and data can be sent. Called at most once. */
  connected(session: DtlsSession): void
  /**
   * A session that may be taken up later, as `DtlsConfig.session`. A client whose host has this asks its server for
   * one. In DTLS 1.2 called with `connected`, or never; in DTLS 1.3 afterwards, once for each ticket.
   */
  resumable?(session: ResumableSession): void
  /** Application data: what one record carried, which is what one `send` of the peer's was given. */
  received(now: Millis, data: Uint8Array): void
  /** The peer is on another path from now on, see `DtlsConfig.returnRoutability`. */
  moved?(now: Millis, path: string): void
  /**
   * What the peer may put into its records from now on, so that whoever holds many associations on one socket finds the
   * one that a datagram is for (`findConnectionId`). Borrowed. Called where connection IDs are agreed on, and whenever
   * they change.
   */
  ownConnectionIds?(ids: readonly Uint8Array[]): void
  /** The association ended. Called once; nothing is called afterwards. */
  closed(reason: CloseReason): void
}

/**
 * Why an association ended.
 *
 * - `local`: `close()` was called.
 * - `close-notify`: the peer closed in order.
 * - `alert`: the peer reported a fatal error, by the number of RFC 5246 §7.2 and its name. Where `authenticated` is
 *   false, it did so in the clear, and went silent.
 * - `peer-misbehaved`: the peer broke the protocol, is not who it should be, or shares no parameters with us.
 * - `handshake-timeout`: the handshake did not complete in time.
 * - `record-limit`: all sequence numbers are used, or more forgeries came in than the keys may withstand.
 */
export type CloseReason =
  | { readonly kind: 'local' }
  | { readonly kind: 'close-notify' }
  | {
      readonly kind: 'alert'
      readonly description: number
      readonly name: string
      readonly authenticated: boolean
    }
  | { readonly kind: 'peer-misbehaved'; readonly error: PeerMisbehaved }
  | { readonly kind: 'handshake-timeout' }
  | { readonly kind: 'record-limit' }
