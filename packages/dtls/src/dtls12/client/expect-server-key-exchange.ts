import { concatBytes } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import type { Randoms } from '../keys/key-schedule.ts'
import { decodeServerKeyExchange } from '../messages/server-key-exchange.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { namedGroups } from '../../protocol/named-group.ts'
import { signatureSchemes } from '../../protocol/signature-scheme.ts'
import type { PeerVerified } from '../../proofs/peer-verified.ts'
import { verifySignature } from '../../proofs/signature-verified.ts'
import type { Negotiated } from '../../session.ts'
import { ExpectCertificateRequest } from './expect-certificate-request.ts'

export class ExpectServerKeyExchange implements HandshakeState {
  readonly expects = 'serverKeyExchange'
  readonly #negotiated: Negotiated
  readonly #randoms: Randoms
  readonly #peer: PeerVerified

  constructor(negotiated: Negotiated, randoms: Randoms, peer: PeerVerified) {
    this.#negotiated = negotiated
    this.#randoms = randoms
    this.#peer = peer
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.serverKeyExchange) throw unexpected(this, message)
    const exchange = decodeServerKeyExchange(message.body)
    const group = namedGroups.find(({ id }) => id === exchange.group)
    if (group === undefined)
      throw new PeerMisbehaved('illegal-parameter', `group ${exchange.group} was not offered`)
    // RFC 8422 §5.4: the randoms are signed as well, so that no signature serves another handshake.
    const signed = concatBytes(this.#randoms.client, this.#randoms.server, exchange.parameters)
    const offered = signatureSchemes.map(({ id }) => id)
    const signature = verifySignature(this.#peer, offered, signed, exchange)
    cx.transcript.add(message.type, message.sequence, message.body)
    return new ExpectCertificateRequest({
      negotiated: this.#negotiated,
      randoms: this.#randoms,
      peer: this.#peer,
      signature,
      group,
      publicKey: exchange.publicKey,
    })
  }
}
