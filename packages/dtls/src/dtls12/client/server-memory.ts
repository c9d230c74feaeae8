import { Millis } from '@purertc/bytes'

import type { HandshakeContext } from '../../handshake/handshake-state.ts'
import type { FinishedVerified } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { rememberSession } from '../../proofs/session-remembered.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { ResumableSession12 } from '../../resumption/resumable-session.ts'
import type { KeySchedule } from '../keys/key-schedule.ts'
import type { NewSessionTicket } from '../messages/new-session-ticket.ts'
import type { Negotiated12 } from '../negotiated.ts'

/** How a server will know the session again: by the id it gave, or by a ticket. */
export interface ServerMemory {
  /** Empty where the server gave none. */
  readonly sessionId: Uint8Array
  /** Null where it promised none. */
  readonly ticket: NewSessionTicket | null
  /** When a session that was resumed ends: being used does not make it younger. Infinity for a new one. */
  readonly until: Millis
}

/** Null where the server remembers nothing. */
export function makeResumable(
  { config, now }: HandshakeContext,
  { suite, serverName }: Negotiated12,
  { sessionId, ticket, until }: ServerMemory,
  keys: KeySchedule,
  peer: PeerAuthenticated,
  finished: FinishedVerified,
): ResumableSession12 | null {
  if (!config.asksForSession) return null
  const hasTicket = ticket !== null && ticket.ticket.length > 0
  if (!hasTicket && sessionId.length === 0) return null
  const lifetime = Math.min(ticket?.lifetimeHint ? ticket.lifetimeHint * 1_000 : maxLifetime, maxLifetime)
  const expires = Millis(Math.min(now + lifetime, until))
  const facts = { suite, serverName, masterSecret: keys.masterSecret, expires }
  const remembered = rememberSession(config, facts, peer, finished)
  if (remembered === null) return null
  const version = ProtocolVersion.dtls12
  if (!hasTicket) return { version, remembered, sessionId, ticket: null }
  // RFC 5077 §3.4: an id of our own, which the server repeats when it takes the ticket.
  return {
    version,
    remembered,
    sessionId: config.crypto.hash('sha256', ticket.ticket),
    ticket: ticket.ticket,
  }
}

/** RFC 5246 §F.1.4: an upper limit of 24 hours is suggested. */
const maxLifetime = 86_400_000
