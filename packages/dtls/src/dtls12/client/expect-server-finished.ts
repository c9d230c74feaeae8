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
import type { RecordProtection } from '../../record/record-protection.ts'
import { DtlsSession } from '../../session.ts'
import type { KeySchedule } from '../keys/key-schedule.ts'
import type { Negotiated12 } from '../negotiated.ts'
import { makeResumable, type ServerMemory } from './server-memory.ts'

/** All but the server's Finished. */
export interface ServerAuthenticated {
  readonly negotiated: Negotiated12
  readonly group: NamedGroup | null
  readonly peer: PeerAuthenticated
  readonly keys: KeySchedule
  readonly memory: ServerMemory
  /** Of our records in the next epoch, where a session is resumed and ours is the last word; null otherwise. */
  readonly protection: RecordProtection | null
}

export class ExpectServerFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #server: ServerAuthenticated

  constructor(server: ServerAuthenticated) {
    this.#server = server
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const { negotiated, group, peer, keys, memory, protection } = this.#server
    const finished = verifyFinished(keys.verifyData('server', cx.transcript), message.body)
    const resumable = makeResumable(cx, negotiated, memory, keys, peer, finished)
    const session = new DtlsSession(negotiated, group, keys, peer, finished, resumable)
    if (protection !== null) {
      cx.transcript.add(message.type, message.sequence, message.body)
      cx.flight.begin()
      cx.flight.changeCipherSpec(protection)
      cx.flight.message(HandshakeType.finished, keys.verifyData('client', cx.transcript))
      cx.flight.end()
    }
    return new Established(session)
  }
}
