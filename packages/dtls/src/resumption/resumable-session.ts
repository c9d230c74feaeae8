import type { SessionRemembered, TicketRemembered } from '../proofs/session-remembered.ts'
import { ProtocolVersion } from '../protocol/protocol-version.ts'

/**
 * A session that a client may take up again: hand it to `DtlsConfig.session`. It holds the secret of that session, so
 * keep it as well as a key. It lives as long as the process.
 */
export type ResumableSession = ResumableSession12 | ResumableTicket

/** A session of DTLS 1.2. */
export interface ResumableSession12 {
  readonly version: typeof ProtocolVersion.dtls12
  readonly remembered: SessionRemembered
  /** By which the server finds the session, or by which its answer shows that it took the ticket (RFC 5077 §3.4). */
  readonly sessionId: Uint8Array
  /** Null where the server keeps the session itself. */
  readonly ticket: Uint8Array | null
}

/** A ticket of DTLS 1.3. */
export class ResumableTicket {
  readonly version: typeof ProtocolVersion.dtls13 = ProtocolVersion.dtls13
  readonly remembered: TicketRemembered
  readonly ticket: Uint8Array
  #isSpent = false

  constructor(remembered: TicketRemembered, ticket: Uint8Array) {
    this.remembered = remembered
    this.ticket = ticket
  }

  /** Whether it has been shown to a server: whoever listened knows the client by it (RFC 8446 §C.4). */
  get isSpent(): boolean {
    return this.#isSpent
  }

  /** It is being shown to a server. */
  spend(): void {
    this.#isSpent = true
  }
}
