import { Millis } from '@purertc/bytes'

import type { ResolvedConfig } from '../../resolved-config.ts'
import { SessionTicket } from '../../extensions/session-ticket.ts'
import type { HandshakeContext } from '../../handshake/handshake-state.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import type { FinishedVerified } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { rememberSession, type SessionRemembered } from '../../proofs/session-remembered.ts'
import type { CipherSuite12 } from '../../protocol/cipher-suite.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { KeySchedule } from '../keys/key-schedule.ts'
import { encodeNewSessionTicket } from '../messages/new-session-ticket.ts'
import type { Negotiated12, SessionMemory } from '../negotiated.ts'

/** A ticket for whoever knows tickets, an id for whoever does not. Shared keys need neither. */
export function chooseMemory(
  config: ResolvedConfig,
  suite: CipherSuite12,
  hello: ClientHello,
): SessionMemory {
  const isPsk = suite.keyExchange.endsWith('psk')
  if (config.sessions === null || isPsk) return { kind: 'none', sessionId: new Uint8Array(0) }
  if (config.sessions.tickets && hello.extensions.has(SessionTicket))
    return { kind: 'ticket', sessionId: new Uint8Array(0) }
  const sessionId = new Uint8Array(32)
  config.crypto.randomFill(sessionId)
  return { kind: 'id', sessionId }
}

/** Keeps the session, or sends the client its ticket: within the flight of our Finished, and before it. */
export function remember(
  cx: HandshakeContext,
  { suite, serverName, memory }: Negotiated12,
  { masterSecret }: KeySchedule,
  peer: PeerAuthenticated,
  finished: FinishedVerified,
): void {
  const { config, now } = cx
  if (config.sessions === null || memory.kind === 'none') return
  const expires = Millis(now + config.sessions.lifetime)
  const session = rememberSession(config, { suite, serverName, masterSecret, expires }, peer, finished)
  if (memory.kind === 'ticket') sendTicket(cx, session)
  else if (session !== null) config.sessions.keep(memory.sessionId, session)
}

/** Also where a session is resumed: a ticket that is due is renewed with its old end, so that none lives for ever. */
export function sendTicket(
  { config, flight, now }: HandshakeContext,
  session: SessionRemembered | null,
): void {
  const ticket = session && config.sessions?.seal(now, session)
  flight.message(
    HandshakeType.newSessionTicket,
    encodeNewSessionTicket({
      lifetimeHint: session === null ? 0 : Math.max(1, Math.floor((session.expires - now) / 1_000)),
      ticket: ticket ?? new Uint8Array(0),
    }),
  )
}
