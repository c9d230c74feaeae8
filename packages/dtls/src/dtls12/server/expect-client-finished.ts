import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import {
  Established,
  type HandshakeContext,
  type HandshakeState,
  unexpected,
} from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import type { SignatureVerified } from '../../proofs/signature-verified.ts'
import { DtlsSession } from '../../session.ts'
import type { KeysAgreed } from './progress.ts'

/** The client's last word; ours follows, and the handshake is complete. */
export class ExpectClientFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #agreed: KeysAgreed
  readonly #peer: PeerVerified
  readonly #signature: SignatureVerified

  constructor(agreed: KeysAgreed, peer: PeerVerified, signature: SignatureVerified) {
    this.#agreed = agreed
    this.#peer = peer
    this.#signature = signature
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const { negotiated, group, keys, protection } = this.#agreed
    const finished = verifyFinished(keys.verifyData('client', cx.transcript), message.body)
    cx.transcript.add(message.type, message.sequence, message.body)
    const session = new DtlsSession(negotiated, group, keys, this.#peer, this.#signature, finished)
    cx.flight.begin()
    cx.flight.changeCipherSpec(protection)
    cx.flight.message(HandshakeType.finished, keys.verifyData('server', cx.transcript))
    cx.flight.end()
    return new Established(session)
  }
}
