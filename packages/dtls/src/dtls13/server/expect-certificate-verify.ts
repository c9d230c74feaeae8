import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { decodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { authenticateByCertificate } from '../../proofs/peer-authenticated.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { verifySignature } from '../../proofs/signature-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { certificateVerifyContent } from '../certificate-verify-content.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'
import type { FlightSent } from './progress.ts'

/** The client has shown a certificate; now it shows that it is its own. */
export class ExpectCertificateVerify implements HandshakeState {
  readonly expects = 'certificateVerify'
  readonly #sent: FlightSent
  readonly #peer: PeerVerified

  constructor(sent: FlightSent, peer: PeerVerified) {
    this.#sent = sent
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificateVerify) throw unexpected(this, message)
    const hash = cx.transcript.digest(cx.config.crypto, this.#sent.suite.hash)
    const signature = verifySignature(
      ProtocolVersion.dtls13,
      this.#peer,
      cx.config.signatureSchemes,
      certificateVerifyContent('client', hash),
      decodeCertificateVerify(message.body),
    )
    cx.transcript.add(message.type, message.body)
    return new ExpectClientFinished(this.#sent, authenticateByCertificate(this.#peer, signature))
  }
}
