import { PeerMisbehaved } from '../../errors.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { agree } from '../../keys/key-agreement.ts'
import { KeySchedule } from '../keys/key-schedule.ts'
import { encodeCertificateMessage } from '../messages/certificate-message.ts'
import { type CertificateRequest, ecdsaSign } from '../messages/certificate-request.ts'
import { encodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { encodeClientKeyExchange } from '../messages/client-key-exchange.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { chooseSignatureScheme, type NamedSignatureScheme } from '../../protocol/signature-scheme.ts'
import { ExpectServerFinished } from './expect-server-finished.ts'
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
    const { negotiated, randoms, group } = this.#offer
    const keyExchange = config.crypto.createKeyExchange(group.name)
    const preMasterSecret = agree(keyExchange, this.#offer.publicKey)
    const scheme = this.#signatureScheme(cx)
    flight.begin()
    if (this.#request !== null) {
      // Without a key that suits the server, an empty list leaves the decision to it: RFC 5246 §7.4.6.
      const chain = scheme === undefined ? [] : [config.certificate.der]
      flight.message(HandshakeType.certificate, encodeCertificateMessage(chain))
    }
    flight.message(HandshakeType.clientKeyExchange, encodeClientKeyExchange(keyExchange.publicKey))
    const keys = new KeySchedule(config.crypto, negotiated.suite, randoms, preMasterSecret, cx.transcript)
    if (scheme !== undefined) {
      const signature = config.certificate.privateKey.sign(scheme.name, cx.transcript.view())
      flight.message(
        HandshakeType.certificateVerify,
        encodeCertificateVerify({ scheme: scheme.id, signature }),
      )
    }
    const protections = keys.recordProtections()
    flight.changeCipherSpec(protections.client)
    flight.message(HandshakeType.finished, keys.verifyData('client', cx.transcript))
    flight.end()
    cx.expectProtected(protections.server)
    return new ExpectServerFinished(this.#offer, keys)
  }

  #signatureScheme({ config }: HandshakeContext): NamedSignatureScheme | undefined {
    if (this.#request?.certificateTypes.includes(ecdsaSign) !== true) return undefined
    return chooseSignatureScheme(config.certificate.privateKey.kind, this.#request.signatureSchemes)
  }
}
