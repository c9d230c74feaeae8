import { PeerMisbehaved } from '../../errors.ts'
import { CertificateAuthorities } from '../../extensions/certificate-authorities.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { HandshakeContext, HandshakeState } from '../handshake-state.ts'
import { decodeCertificateRequest } from '../messages/certificate-request.ts'
import { ExpectCertificate } from './expect-certificate.ts'
import type { ServerAnswer } from './server-choice.ts'

/** A server may ask for a certificate before it shows its own. */
export class ExpectCertificateRequest implements HandshakeState {
  readonly expects = 'certificate'
  readonly #answer: ServerAnswer

  constructor(answer: ServerAnswer) {
    this.#answer = answer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificateRequest)
      return new ExpectCertificate(this.#answer, null).handle(message, cx)
    const { context, extensions } = decodeCertificateRequest(message.body)
    if (context.length > 0)
      throw new PeerMisbehaved('illegal-parameter', 'a context of another time (RFC 8446 §4.3.2)')
    const signatureSchemes = extensions.get(SignatureAlgorithms)
    if (signatureSchemes === undefined)
      throw new PeerMisbehaved('missing-extension', 'CertificateRequest without signature_algorithms')
    cx.transcript.add(message.type, message.body)
    const authorities = extensions.get(CertificateAuthorities) ?? []
    return new ExpectCertificate(this.#answer, { signatureSchemes, authorities })
  }
}
