import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { admitAnonymous } from '../../proofs/peer-authenticated.ts'
import { verifyShown } from '../../proofs/peer-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { readChain } from '../certificate-chain.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { ExpectCertificateVerify } from './expect-certificate-verify.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'
import type { FlightSent } from './progress.ts'

export class ExpectClientCertificate implements HandshakeState {
  readonly expects = 'certificate'
  readonly #sent: FlightSent

  constructor(sent: FlightSent) {
    this.#sent = sent
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificate) throw unexpected(this, message)
    const type = this.#sent.negotiated.certificateTypes.client
    const chain = readChain(message.body, type)
    // RFC 8446 §4.4.2.4 leaves it to the server whether it goes on without.
    if (chain.length === 0 && cx.config.clientCertificate === 'required')
      throw new PeerMisbehaved('certificate-required', 'a client without certificate')
    const peer = chain.length === 0 ? null : verifyShown(cx.config, type, chain)
    cx.transcript.add(message.type, message.body)
    return peer === null
      ? new ExpectClientFinished(this.#sent, admitAnonymous(cx.config))
      : new ExpectCertificateVerify(this.#sent, peer)
  }
}
