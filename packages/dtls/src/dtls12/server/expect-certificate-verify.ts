import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { decodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { signatureSchemes } from '../../protocol/signature-scheme.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { verifySignature } from '../../proofs/signature-verified.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'
import type { KeysAgreed } from './progress.ts'

/** Until here the client has shown a certificate; now it shows that it is its own. */
export class ExpectCertificateVerify implements HandshakeState {
  readonly expects = 'certificateVerify'
  readonly #agreed: KeysAgreed
  readonly #peer: PeerVerified

  constructor(agreed: KeysAgreed, peer: PeerVerified) {
    this.#agreed = agreed
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificateVerify) throw unexpected(this, message)
    const signed = decodeCertificateVerify(message.body)
    const offered = signatureSchemes.map(({ id }) => id)
    const signature = verifySignature(this.#peer, offered, cx.transcript.view(), signed)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectClientFinished(this.#agreed, this.#peer, signature)
  }
}
