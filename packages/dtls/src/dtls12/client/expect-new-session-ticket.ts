import { copyBytes } from '@purertc/bytes'

import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { decodeNewSessionTicket, type NewSessionTicket } from '../messages/new-session-ticket.ts'

/** The server has promised a ticket, which comes before its Finished: RFC 5077 §3.3. */
export class ExpectNewSessionTicket implements HandshakeState {
  readonly expects = 'newSessionTicket'
  readonly #next: (ticket: NewSessionTicket) => HandshakeState

  constructor(next: (ticket: NewSessionTicket) => HandshakeState) {
    this.#next = next
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.newSessionTicket) throw unexpected(this, message)
    const { lifetimeHint, ticket } = decodeNewSessionTicket(message.body)
    cx.transcript.add(message.type, message.sequence, message.body)
    return this.#next({ lifetimeHint, ticket: copyBytes(ticket) })
  }
}
