import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { DtlsSession } from '../../session.ts'
import { Connected } from '../connected.ts'
import { Epoch, type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { KeyUpdates } from '../key-updates.ts'
import type { FlightSent } from './progress.ts'
import { sendTickets } from './send-tickets.ts'

/** The client's last word, which is acknowledged. */
export class ExpectClientFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #sent: FlightSent
  readonly #peer: PeerAuthenticated

  constructor(sent: FlightSent, peer: PeerAuthenticated) {
    this.#sent = sent
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const { negotiated, suite, group, keys, application } = this.#sent
    const expected = keys.client.verifyData(cx.transcript.digest(cx.config.crypto, suite.hash))
    const finished = verifyFinished(expected, message.body)
    cx.transcript.add(message.type, message.body)
    const session = new DtlsSession(negotiated, group, application, this.#peer, finished)
    cx.expectEpoch(Epoch.application, application.client)
    sendTickets(cx, this.#sent, this.#peer, finished)
    return new Connected(session, new KeyUpdates(application.server, application.client), null)
  }
}
