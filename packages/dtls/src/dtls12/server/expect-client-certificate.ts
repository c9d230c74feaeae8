import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { admitAnonymous } from '../../proofs/peer-authenticated.ts'
import { verifyShown } from '../../proofs/peer-verified.ts'
import { decodeShown } from '../messages/certificate-message.ts'
import { ExpectClientKeyExchange } from './expect-client-key-exchange.ts'
import type { ServerHelloSent } from './progress.ts'

export class ExpectClientCertificate implements HandshakeState {
  readonly expects = 'certificate'
  readonly #sent: ServerHelloSent

  constructor(sent: ServerHelloSent) {
    this.#sent = sent
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificate) throw unexpected(this, message)
    const type = this.#sent.negotiated.certificateTypes.client
    const chain = decodeShown(message.body, type)
    // RFC 5246 §7.4.6 leaves it to the server whether it goes on without. Better refused now than at the end.
    if (chain.length === 0) admitAnonymous(cx.config)
    const peer = chain.length === 0 ? null : verifyShown(cx.config, type, chain)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectClientKeyExchange(this.#sent, peer)
  }
}
