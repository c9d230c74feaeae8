import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import {
  Established,
  type HandshakeContext,
  type HandshakeState,
  unexpected,
} from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import { DtlsSession } from '../../session.ts'
import { remember } from './client-memory.ts'
import type { ClientAuthenticated } from './progress.ts'

/** The client's last word; ours follows, and the handshake is complete. */
export class ExpectClientFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #client: ClientAuthenticated

  constructor(client: ClientAuthenticated) {
    this.#client = client
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const { negotiated, ephemeral, keys, protection, peer } = this.#client
    const finished = verifyFinished(keys.verifyData('client', cx.transcript), message.body)
    cx.transcript.add(message.type, message.sequence, message.body)
    const session = new DtlsSession(negotiated, ephemeral?.group ?? null, keys, peer, finished)
    cx.flight.begin()
    remember(cx, negotiated, keys, peer, finished)
    cx.flight.changeCipherSpec(protection)
    cx.flight.message(HandshakeType.finished, keys.verifyData('server', cx.transcript))
    cx.flight.end()
    return new Established(session)
  }
}
