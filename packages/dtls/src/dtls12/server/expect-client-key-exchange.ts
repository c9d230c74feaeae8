import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { agree } from '../../keys/key-agreement.ts'
import { KeySchedule } from '../keys/key-schedule.ts'
import { decodeClientKeyExchange } from '../messages/client-key-exchange.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { ExpectCertificateVerify } from './expect-certificate-verify.ts'
import type { ServerHelloSent } from './progress.ts'

export class ExpectClientKeyExchange implements HandshakeState {
  readonly expects = 'clientKeyExchange'
  readonly #sent: ServerHelloSent
  readonly #peer: PeerVerified

  constructor(sent: ServerHelloSent, peer: PeerVerified) {
    this.#sent = sent
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.clientKeyExchange) throw unexpected(this, message)
    const { negotiated, randoms, keyExchange } = this.#sent
    const preMasterSecret = agree(keyExchange, decodeClientKeyExchange(message.body))
    cx.transcript.add(message.type, message.sequence, message.body)
    const keys = new KeySchedule(cx.config.crypto, negotiated.suite, randoms, preMasterSecret, cx.transcript)
    const protections = keys.recordProtections()
    cx.expectProtected(protections.client)
    return new ExpectCertificateVerify({ ...this.#sent, keys, protection: protections.server }, this.#peer)
  }
}
