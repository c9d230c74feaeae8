import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { decodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { authenticateByCertificate } from '../../proofs/peer-authenticated.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { verifySignature } from '../../proofs/signature-verified.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'
import type { KeysAgreed } from './progress.ts'

/** Until here the client has shown a certificate; now it shows that it is its own. */
export class ExpectCertificateVerify implements HandshakeState {
  readonly expects = 'certificateVerify'
  readonly #agreed: KeysAgreed
  readonly #certified: PeerVerified

  constructor(agreed: KeysAgreed, certified: PeerVerified) {
    this.#agreed = agreed
    this.#certified = certified
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificateVerify) throw unexpected(this, message)
    const signed = decodeCertificateVerify(message.body)
    const { version } = this.#agreed.negotiated
    const offered = cx.config.signatureSchemes
    const signature = verifySignature(version, this.#certified, offered, cx.transcript.view(), signed)
    cx.transcript.add(message.type, message.sequence, message.body)
    const peer = authenticateByCertificate(this.#certified, signature)
    return new ExpectClientFinished({ ...this.#agreed, peer })
  }
}
