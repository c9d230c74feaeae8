import { concatBytes } from '@purertc/bytes'

import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { verifySignature } from '../../proofs/signature-verified.ts'
import type { Randoms } from '../keys/key-schedule.ts'
import { decodeServerKeyExchange } from '../messages/server-key-exchange.ts'
import type { Negotiated12 } from '../negotiated.ts'
import { ExpectCertificateRequest } from './expect-certificate-request.ts'
import { acceptGroup } from './accept-group.ts'

export class ExpectServerKeyExchange implements HandshakeState {
  readonly expects = 'serverKeyExchange'
  readonly #negotiated: Negotiated12
  readonly #randoms: Randoms
  readonly #peer: PeerVerified

  constructor(negotiated: Negotiated12, randoms: Randoms, peer: PeerVerified) {
    this.#negotiated = negotiated
    this.#randoms = randoms
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.serverKeyExchange) throw unexpected(this, message)
    const exchange = decodeServerKeyExchange(message.body)
    const group = acceptGroup(cx.config, exchange.group)
    // RFC 8422 §5.4: the randoms are signed as well, so that no signature serves another handshake.
    const signed = concatBytes(this.#randoms.client, this.#randoms.server, exchange.parameters)
    const { version } = this.#negotiated
    const signature = verifySignature(version, this.#peer, cx.config.signatureSchemes, signed, exchange)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectCertificateRequest({
      negotiated: this.#negotiated,
      randoms: this.#randoms,
      key: { kind: 'signed', peer: this.#peer, signature, group, publicKey: exchange.publicKey },
    })
  }
}
