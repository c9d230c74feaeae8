import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import {
  Established,
  type HandshakeContext,
  type HandshakeState,
  unexpected,
} from '../../handshake/handshake-state.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { DtlsSession } from '../../session.ts'
import type { KeySchedule } from '../keys/key-schedule.ts'
import type { Negotiated12 } from '../negotiated.ts'

/** A resumed session: the server has said all, and the client's Finished is the last word. RFC 5246 §7.3. */
export class ExpectResumedFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #negotiated: Negotiated12
  readonly #keys: KeySchedule
  readonly #peer: PeerAuthenticated

  constructor(negotiated: Negotiated12, keys: KeySchedule, peer: PeerAuthenticated) {
    this.#negotiated = negotiated
    this.#keys = keys
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const finished = verifyFinished(this.#keys.verifyData('client', cx.transcript), message.body)
    return new Established(new DtlsSession(this.#negotiated, null, this.#keys, this.#peer, finished))
  }
}
