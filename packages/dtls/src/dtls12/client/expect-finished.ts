import type { HandshakeState } from '../../handshake/handshake-state.ts'
import { ExpectNewSessionTicket } from './expect-new-session-ticket.ts'
import { ExpectServerFinished, type ServerAuthenticated } from './expect-server-finished.ts'

/** Finished is next, or first the ticket that the server has promised; `memory` is what there is without. */
export function expectFinished(server: ServerAuthenticated): HandshakeState {
  if (server.negotiated.memory.kind !== 'ticket') return new ExpectServerFinished(server)
  return new ExpectNewSessionTicket(
    (ticket) => new ExpectServerFinished({ ...server, memory: { ...server.memory, ticket } }),
  )
}
