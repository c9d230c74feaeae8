import { Millis } from '@purertc/bytes'

import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { encodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { certificatesOf } from '../../certificate/certificates-for.ts'
import { chooseClientCredential, type Credential, sign } from '../../certificate/credential.ts'
import { KeySchedule } from '../keys/key-schedule.ts'
import { encodeShown } from '../messages/certificate-message.ts'
import { type CertificateRequest, certificateTypeOf } from '../messages/certificate-request.ts'
import { encodeClientKeyExchange } from '../messages/client-key-exchange.ts'
import { expectFinished } from './expect-finished.ts'
import { makeSecret } from './make-secret.ts'
import type { ServerOffer } from './server-offer.ts'

/** The server's flight ends; ours answers it, from Certificate to Finished. */
export class ExpectServerHelloDone implements HandshakeState {
  readonly expects = 'serverHelloDone'
  readonly #offer: ServerOffer
  readonly #request: CertificateRequest | null

  constructor(offer: ServerOffer, request: CertificateRequest | null) {
    this.#offer = offer
    this.#request = request
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.serverHelloDone) throw unexpected(this, message)
    if (message.body.length > 0) throw new PeerMisbehaved('decode', 'serverHelloDone is empty')
    cx.transcript.add(message.type, message.sequence, message.body)

    const { flight, config } = cx
    const { negotiated, randoms } = this.#offer
    const secret = makeSecret(config, this.#offer)
    const credential = this.#credential(cx)
    flight.begin()
    if (this.#request !== null) {
      // Without a key that suits the server, an empty list leaves the decision to it: RFC 5246 §7.4.6.
      const shown = encodeShown(credential?.certificate ?? null, negotiated.certificateTypes.client)
      flight.message(HandshakeType.certificate, shown)
    }
    flight.message(HandshakeType.clientKeyExchange, encodeClientKeyExchange(secret.message))
    const keys = KeySchedule.extended(
      config.crypto,
      negotiated.suite,
      randoms,
      secret.preMasterSecret,
      cx.transcript,
    )
    keys.log(config.keyLog)
    if (credential !== null)
      flight.message(
        HandshakeType.certificateVerify,
        encodeCertificateVerify(sign(credential, cx.transcript.view())),
      )
    const protections = keys.recordProtections(cx.connectionIds.bySender(cx.config.role))
    flight.changeCipherSpec(protections.client)
    flight.message(HandshakeType.finished, keys.verifyData('client', cx.transcript))
    flight.end()
    cx.expectProtected(protections.server)
    const { group, peer } = secret
    const { sessionId } = negotiated.memory
    const memory = { sessionId, ticket: null, until: Millis(Infinity) }
    return expectFinished({ negotiated, group, peer, keys, memory, protection: null })
  }

  #credential({ config }: HandshakeContext): Credential | null {
    const request = this.#request
    if (request === null) return null
    const suitable = certificatesOf(config.certificates, request.authorities).filter(({ privateKey }) =>
      request.certificateTypes.includes(certificateTypeOf(privateKey.kind)),
    )
    const { client: type } = this.#offer.negotiated.certificateTypes
    const { signatureSchemes } = request
    return chooseClientCredential(config, suitable, {
      version: ProtocolVersion.dtls12,
      type,
      signatureSchemes,
    })
  }
}
