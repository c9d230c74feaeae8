import type { ProtocolVersion } from '../protocol/protocol-version.ts'
import type { SessionRemembered } from '../proofs/session-remembered.ts'

/**
 * A session that a client may take up again: hand it to `DtlsConfig.session`. It holds the secret of that session, so
 * keep it as well as a key. It lives as long as the process.
 */
export interface ResumableSession {
  readonly version: ProtocolVersion
  readonly remembered: SessionRemembered
  /** By which the server finds the session, or by which its answer shows that it took the ticket (RFC 5077 §3.4). */
  readonly sessionId: Uint8Array
  /** Null where the server keeps the session itself. */
  readonly ticket: Uint8Array | null
}
