import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import {
  Established,
  type HandshakeContext,
  type HandshakeState,
  unexpected,
} from '../../handshake/handshake-state.ts'
import type { KeySchedule } from '../keys/key-schedule.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import { DtlsSession } from '../../session.ts'
import type { ServerOffer } from './server-offer.ts'

export class ExpectServerFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #offer: ServerOffer
  readonly #keys: KeySchedule

  constructor(offer: ServerOffer, keys: KeySchedule) {
    this.#offer = offer
    this.#keys = keys
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const finished = verifyFinished(this.#keys.verifyData('server', cx.transcript), message.body)
    const { negotiated, group, peer, signature } = this.#offer
    return new Established(new DtlsSession(negotiated, group, this.#keys, peer, signature, finished))
  }
}
