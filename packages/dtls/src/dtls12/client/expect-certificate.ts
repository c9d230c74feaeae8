import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { verifyShown } from '../../proofs/peer-verified.ts'
import type { Randoms } from '../keys/key-schedule.ts'
import { decodeShown } from '../messages/certificate-message.ts'
import type { Negotiated12 } from '../negotiated.ts'
import { ExpectServerKeyExchange } from './expect-server-key-exchange.ts'

export class ExpectCertificate implements HandshakeState {
  readonly expects = 'certificate'
  readonly #negotiated: Negotiated12
  readonly #randoms: Randoms

  constructor(negotiated: Negotiated12, randoms: Randoms) {
    this.#negotiated = negotiated
    this.#randoms = randoms
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.certificate) throw unexpected(this, message)
    const type = this.#negotiated.certificateTypes.server
    const chain = decodeShown(message.body, type)
    // RFC 5246 §7.4.2: the server MUST send one where the suite authenticates it.
    if (chain.length === 0) throw new PeerMisbehaved('decode', 'a server without certificate')
    const peer = verifyShown(cx.config, type, chain)
    if ((peer.publicKey.kind === 'rsa') !== (this.#negotiated.suite.keyExchange === 'ecdhe_rsa'))
      throw new PeerMisbehaved('illegal-parameter', `a key of ${peer.publicKey.kind} does not fit the suite`)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectServerKeyExchange(this.#negotiated, this.#randoms, peer)
  }
}
