import { Millis } from '@purertc/bytes'

import { certificatesOf } from '../../certificate/certificates-for.ts'
import { chooseClientCredential, sign } from '../../certificate/credential.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { encodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { verifyFinished } from '../../proofs/finished-verified.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { DtlsSession } from '../../session.ts'
import { writeChain } from '../certificate-chain.ts'
import { certificateVerifyContent } from '../certificate-verify-content.ts'
import { Connected } from '../connected.ts'
import { Epoch, type HandshakeContext, type HandshakeState, unexpected } from '../handshake-state.ts'
import { KeyUpdates } from '../key-updates.ts'
import type { CertificateWish } from './certificate-wish.ts'
import type { ServerProven } from './server-choice.ts'
import { ServerTickets } from './server-tickets.ts'

/** The server's flight ends; ours answers it, and the handshake is complete for us. */
export class ExpectServerFinished implements HandshakeState {
  readonly expects = 'finished'
  readonly #server: ServerProven
  readonly #requested: CertificateWish | null

  constructor(server: ServerProven, requested: CertificateWish | null) {
    this.#server = server
    this.#requested = requested
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.finished) throw unexpected(this, message)
    const { suite, keys, group, negotiated, peer, psk } = this.#server
    const { crypto } = cx.config
    const expected = keys.server.verifyData(cx.transcript.digest(crypto, suite.hash))
    const finished = verifyFinished(expected, message.body)
    cx.transcript.add(message.type, message.body)
    const application = keys.applicationKeys(cx.transcript)
    cx.expectEpoch(Epoch.application, application.server)
    application.log(cx.config.keyLog, this.#server.offer.hello.random)
    const session = new DtlsSession(negotiated, group, application, peer, finished)

    cx.flight.begin()
    if (this.#requested !== null) this.#showCertificate(cx, this.#requested)
    const verifyData = keys.client.verifyData(cx.transcript.digest(crypto, suite.hash))
    cx.flight.message(HandshakeType.finished, verifyData)
    cx.flight.end()
    cx.enterEpoch(Epoch.application, application.client)
    const until = psk?.origin === 'ticket' ? psk.remembered.expires : Millis(Infinity)
    const secret = application.resumptionSecret(cx.transcript)
    return new Connected(
      session,
      new KeyUpdates(application.client, application.server),
      new ServerTickets(suite, secret, until, peer, finished),
    )
  }

  /** RFC 8446 §4.4.2: without a key that suits the server, an empty list leaves the decision to it. */
  #showCertificate({ config, flight, transcript }: HandshakeContext, requested: CertificateWish): void {
    const type = this.#server.negotiated.certificateTypes.client
    const { signatureSchemes, authorities } = requested
    const suitable = certificatesOf(config.certificates, authorities)
    const wish = { version: ProtocolVersion.dtls13, type, signatureSchemes }
    const credential = chooseClientCredential(config, suitable, wish)
    flight.message(HandshakeType.certificate, writeChain(credential, type))
    if (credential === null) return
    const hash = transcript.digest(config.crypto, this.#server.suite.hash)
    const signed = sign(credential, certificateVerifyContent('client', hash))
    flight.message(HandshakeType.certificateVerify, encodeCertificateVerify(signed))
  }
}
