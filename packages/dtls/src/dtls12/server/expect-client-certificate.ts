import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { decodeCertificateMessage } from '../messages/certificate-message.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { verifyPeer } from '../../proofs/peer-verified.ts'
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
    const chain = decodeCertificateMessage(message.body)
    // RFC 5246 §7.4.6 leaves it to the server; we know no anonymous peers.
    if (chain.length === 0) throw new PeerMisbehaved('no-certificate', 'a client without certificate')
    const peer = verifyPeer(cx.config.crypto, cx.config.verify, chain)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectClientKeyExchange(this.#sent, peer)
  }
}
