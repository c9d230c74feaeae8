import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { verifyShown } from '../../proofs/peer-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { readChain } from '../certificate-chain.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { ExpectCertificateVerify } from './expect-certificate-verify.ts'
import type { CertificateWish } from './certificate-wish.ts'
import type { ServerAnswer } from './server-choice.ts'

export class ExpectCertificate implements HandshakeState {
  readonly expects = 'certificate'
  readonly #answer: ServerAnswer
  readonly #requested: CertificateWish | null

  /** `requested` is null where the server wants no certificate. */
  constructor(answer: ServerAnswer, requested: CertificateWish | null) {
    this.#answer = answer
    this.#requested = requested
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificate) throw unexpected(this, message)
    const type = this.#answer.negotiated.certificateTypes.server
    const chain = readChain(message.body, type)
    if (chain.length === 0) throw new PeerMisbehaved('decode', 'a server without certificate')
    const peer = verifyShown(cx.config, type, chain)
    cx.transcript.add(message.type, message.body)
    return new ExpectCertificateVerify(this.#answer, peer, this.#requested)
  }
}
