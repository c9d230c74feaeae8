import type { HandshakeMessage } from '../handshake/handshake-message.ts'
import { HandshakeType } from '../protocol/handshake-type.ts'
import type { DtlsSession } from '../session.ts'
import type { ServerTickets } from './client/server-tickets.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from './handshake-state.ts'
import { ConnectionIdUpdates } from './connection-id-updates.ts'
import type { KeyUpdates } from './key-updates.ts'
import { decodeKeyUpdate } from './messages/key-update.ts'
import { decodeNewConnectionId } from './messages/new-connection-id.ts'
import { decodeRequestConnectionId } from './messages/request-connection-id.ts'

/** The handshake is complete: what comes now changes keys, or is for another time. */
export class Connected implements HandshakeState {
  readonly expects = 'nothing'
  readonly session: DtlsSession
  readonly keyUpdates: KeyUpdates
  readonly connectionIdUpdates: ConnectionIdUpdates = new ConnectionIdUpdates()
  readonly #tickets: ServerTickets | null

  /** `tickets` at a client. */
  constructor(session: DtlsSession, keyUpdates: KeyUpdates, tickets: ServerTickets | null) {
    this.session = session
    this.keyUpdates = keyUpdates
    this.#tickets = tickets
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type === HandshakeType.keyUpdate) this.keyUpdates.receive(cx, decodeKeyUpdate(message.body))
    else if (message.type === HandshakeType.newConnectionId)
      this.connectionIdUpdates.receive(cx, decodeNewConnectionId(message.body))
    else if (message.type === HandshakeType.requestConnectionId)
      this.connectionIdUpdates.answer(cx, decodeRequestConnectionId(message.body))
    else if (message.type === HandshakeType.newSessionTicket && this.#tickets !== null)
      this.#tickets.receive(cx, message.body)
    else throw unexpected(this, message)
    return this
  }

  /** All that we sent is acknowledged, so that what had to wait may go. */
  resume(cx: HandshakeContext): void {
    this.keyUpdates.resume(cx)
    this.connectionIdUpdates.resume(cx)
  }
}
