import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { decodeCertificateRequest } from '../messages/certificate-request.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ExpectServerHelloDone } from './expect-server-hello-done.ts'
import type { ServerOffer } from './server-offer.ts'

/** CertificateRequest is the server's choice: WebRTC servers make it, others may not care who we are. */
export class ExpectCertificateRequest implements HandshakeState {
  readonly expects = 'certificateRequest or serverHelloDone'
  readonly #offer: ServerOffer

  constructor(offer: ServerOffer) {
    this.#offer = offer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type === HandshakeType.serverHelloDone)
      return new ExpectServerHelloDone(this.#offer, null).handle(message, cx)
    if (message.type !== HandshakeType.certificateRequest) throw unexpected(this, message)
    const request = decodeCertificateRequest(message.body)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectServerHelloDone(this.#offer, request)
  }
}
