import { copyBytes, Millis } from '@purertc/bytes'

import type { FinishedVerified } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { rememberTicket } from '../../proofs/session-remembered.ts'
import { ResumableTicket } from '../../resumption/resumable-session.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import type { HandshakeContext } from '../handshake-state.ts'
import { deriveTicketKey } from '../keys/key-schedule.ts'
import { decodeNewSessionTicket, maxTicketLifetime } from '../messages/new-session-ticket.ts'

/** What a client must know of its handshake to make use of the tickets that its server sends, RFC 8446 §4.6.1. */
export class ServerTickets {
  readonly #suite: CipherSuite13
  readonly #resumptionSecret: Uint8Array
  readonly #until: Millis
  readonly #peer: PeerAuthenticated
  readonly #finished: FinishedVerified

  /** `until`: when a session that was resumed ends, since being used does not make it younger. */
  constructor(
    suite: CipherSuite13,
    resumptionSecret: Uint8Array,
    until: Millis,
    peer: PeerAuthenticated,
    finished: FinishedVerified,
  ) {
    this.#suite = suite
    this.#resumptionSecret = resumptionSecret
    this.#until = until
    this.#peer = peer
    this.#finished = finished
  }

  /** A NewSessionTicket; the host is told, where it has asked. */
  receive(cx: HandshakeContext, body: Uint8Array): void {
    const { config, now } = cx
    const { lifetime, ageAdd, nonce, ticket } = decodeNewSessionTicket(body)
    // A lifetime of 0 says that it is good for nothing.
    if (!config.asksForSession || lifetime === 0) return
    const psk = deriveTicketKey(config.crypto, this.#suite, this.#resumptionSecret, nonce)
    const ends = now + 1_000 * Math.min(lifetime, maxTicketLifetime)
    const facts = {
      suite: this.#suite,
      psk,
      ageAdd,
      issued: now,
      serverName: config.serverName,
      expires: Millis(Math.min(ends, this.#until)),
    }
    const remembered = rememberTicket(config, facts, this.#peer, this.#finished)
    if (remembered !== null) cx.resumable(new ResumableTicket(remembered, copyBytes(ticket)))
  }
}
