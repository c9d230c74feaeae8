import { equalBytes, type Millis } from '@purertc/bytes'

import type { ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { ServerName } from '../../extensions/server-name.ts'
import { SessionTicket } from '../../extensions/session-ticket.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { authenticateByRecall, type PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { ownerOf } from '../../proofs/remembered-peer.ts'
import type { SessionRemembered } from '../../proofs/session-remembered.ts'

/** A session that a server resumes, with the client as whom it is known. */
export interface RecalledSession {
  readonly remembered: SessionRemembered
  readonly peer: PeerAuthenticated
}

/**
 * The session that a client asks for, where it is still good: ours, not out of date, with a suite that both would take
 * today (RFC 5246 §7.4.1.2), under the same name (RFC 6066 §3) and the same certificates of ours, and with a client
 * that today's configuration takes as well. Null otherwise: the handshake is then a full one, and nobody is told why
 * (RFC 5077 §3.4).
 */
export function recallSession(
  config: ResolvedConfig,
  now: Millis,
  hello: ClientHello,
): RecalledSession | null {
  const remembered = findSession(config, now, hello)
  if (remembered === null) return null
  const { suite, serverName, owner } = remembered
  if (!hello.cipherSuites.includes(suite.id) || !config.cipherSuites.includes(suite)) return null
  if (serverName !== (hello.extensions.get(ServerName) ?? null)) return null
  if (!equalBytes(owner, ownerOf(config))) return null
  try {
    return { remembered, peer: authenticateByRecall(config, remembered) }
  } catch (error) {
    if (error instanceof PeerMisbehaved) return null
    throw error
  }
}

function findSession(
  { sessions }: ResolvedConfig,
  now: Millis,
  hello: ClientHello,
): SessionRemembered | null {
  if (sessions === null) return null
  const ticket = hello.extensions.get(SessionTicket)
  // RFC 5077 §3.4: with a ticket, the id says nothing but what the client wants to hear again.
  if (ticket !== undefined && ticket.length > 0) return sessions.open(now, ticket)
  return hello.sessionId.length > 0 ? sessions.find(now, hello.sessionId) : null
}
