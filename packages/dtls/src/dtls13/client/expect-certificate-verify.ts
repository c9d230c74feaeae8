import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { decodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { authenticateByCertificate } from '../../proofs/peer-authenticated.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { verifySignature } from '../../proofs/signature-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { certificateVerifyContent } from '../certificate-verify-content.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { ExpectServerFinished } from './expect-server-finished.ts'
import type { CertificateWish } from './certificate-wish.ts'
import type { ServerAnswer } from './server-choice.ts'

/** The server has shown a certificate; now it shows that it is its own. */
export class ExpectCertificateVerify implements HandshakeState {
  readonly expects = 'certificateVerify'
  readonly #answer: ServerAnswer
  readonly #peer: PeerVerified
  readonly #requested: CertificateWish | null

  constructor(answer: ServerAnswer, peer: PeerVerified, requested: CertificateWish | null) {
    this.#answer = answer
    this.#peer = peer
    this.#requested = requested
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificateVerify) throw unexpected(this, message)
    const hash = cx.transcript.digest(cx.config.crypto, this.#answer.suite.hash)
    const signature = verifySignature(
      ProtocolVersion.dtls13,
      this.#peer,
      cx.config.signatureSchemes,
      certificateVerifyContent('server', hash),
      decodeCertificateVerify(message.body),
    )
    cx.transcript.add(message.type, message.body)
    const peer = authenticateByCertificate(this.#peer, signature)
    return new ExpectServerFinished({ ...this.#answer, peer }, this.#requested)
  }
}
