import { Millis, Reader } from '@purertc/bytes'

import { Extensions } from '../../extensions/extensions.ts'
import type { FinishedVerified } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { rememberTicket } from '../../proofs/session-remembered.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { SessionVault } from '../../resumption/session-vault.ts'
import type { HandshakeContext } from '../handshake-state.ts'
import { deriveTicketKey } from '../keys/key-schedule.ts'
import { encodeNewSessionTicket, maxTicketLifetime } from '../messages/new-session-ticket.ts'
import type { FlightSent } from './progress.ts'

/**
 * Gives a client that can use them tickets, RFC 8446 §4.6.1; `cx.transcript` ends with its Finished. A session that was
 * resumed keeps its end, so that no secret lives for ever. Shared keys need no ticket.
 */
export function sendTickets(
  cx: HandshakeContext,
  sent: FlightSent,
  peer: PeerAuthenticated,
  finished: FinishedVerified,
): void {
  const { flight, transcript } = cx
  const { sessions } = cx.config
  if (sessions === null || !sessions.tickets || !sent.takesTickets) return
  const secret = sent.application.resumptionSecret(transcript)
  const messages = Array.from({ length: ticketCount }, () =>
    composeTicket(cx, sessions, sent, secret, peer, finished),
  ).filter((message) => message !== null)
  if (messages.length === 0) return
  flight.begin()
  for (const message of messages) flight.afterwards(HandshakeType.newSessionTicket, message)
  flight.end()
}

/** Null where there is nothing to remember, or no time. */
function composeTicket(
  { config, now }: HandshakeContext,
  sessions: SessionVault,
  { suite, negotiated, until }: FlightSent,
  secret: Uint8Array,
  peer: PeerAuthenticated,
  finished: FinishedVerified,
): Uint8Array | null {
  const { crypto } = config
  const random = new Uint8Array(4 + nonceLength)
  crypto.randomFill(random)
  const ageAdd = new Reader(random).u32()
  const nonce = random.subarray(4)
  const psk = deriveTicketKey(crypto, suite, secret, nonce)
  const expires = Millis(Math.min(now + Math.min(sessions.lifetime, 1_000 * maxTicketLifetime), until))
  const facts = { suite, psk, ageAdd, issued: now, serverName: negotiated.serverName, expires }
  const remembered = rememberTicket(config, facts, peer, finished)
  const ticket = remembered && sessions.sealTicket(now, remembered)
  const lifetime = Math.floor((expires - now) / 1_000)
  return ticket === null || lifetime === 0
    ? null
    : encodeNewSessionTicket({ lifetime, ageAdd, nonce, ticket, extensions: new Extensions() })
}

/** A client uses each once, and may want to connect twice at a time. */
const ticketCount = 2
const nonceLength = 8
