import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import {
  Established,
  type HandshakeContext,
  type HandshakeState,
  unexpected,
} from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { NamedGroup } from '../../protocol/named-group.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import type { PeerAuthenticated } from '../../proofs/peer-authenticated.ts'
import { DtlsSession } from '../../session.ts'
import type { KeySchedule } from '../keys/key-schedule.ts'
import type { Negotiated12 } from '../negotiated.ts'

export class ExpectServerFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #negotiated: Negotiated12
  readonly #group: NamedGroup | null
  readonly #peer: PeerAuthenticated
  readonly #keys: KeySchedule

  constructor(
    negotiated: Negotiated12,
    group: NamedGroup | null,
    peer: PeerAuthenticated,
    keys: KeySchedule,
  ) {
    this.#negotiated = negotiated
    this.#group = group
    this.#peer = peer
    this.#keys = keys
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const finished = verifyFinished(this.#keys.verifyData('server', cx.transcript), message.body)
    return new Established(new DtlsSession(this.#negotiated, this.#group, this.#keys, this.#peer, finished))
  }
}
