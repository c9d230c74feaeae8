import { concatBytes } from '@purertc/bytes'
import type { KeyExchange } from '@purertc/crypto'

import { EcPointFormats, uncompressedPoint } from '../../extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../extensions/extended-master-secret.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { firstHandshake, RenegotiationInfo } from '../../extensions/renegotiation-info.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import type { Randoms } from '../keys/key-schedule.ts'
import { encodeCertificateMessage } from '../messages/certificate-message.ts'
import { ecdsaSign, encodeCertificateRequest } from '../messages/certificate-request.ts'
import { type ClientHello, decodeClientHello } from '../../messages/client-hello.ts'
import { encodeServerHello } from '../../messages/server-hello.ts'
import { encodeEcdhParameters, encodeServerKeyExchange } from '../messages/server-key-exchange.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { signatureSchemes } from '../../protocol/signature-scheme.ts'
import { ExpectClientCertificate } from './expect-client-certificate.ts'
import { type Choice, negotiate } from './negotiation.ts'

/** Where a server begins, once the client's address is known to be its own. Answers with the whole flight 4. */
export class ExpectClientHello implements HandshakeState {
  readonly expects = 'clientHello'

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.clientHello) throw unexpected(this, message)
    const hello = decodeClientHello(message.body)
    const choice = negotiate(cx.config, hello)
    cx.transcript.add(message.type, message.sequence, message.body)

    // Were we to speak DTLS 1.3 as well, the random would end in the mark of a downgrade (RFC 8446 §4.1.3). We do
    // not, and a mark would make a client of 1.3 give up.
    const random = new Uint8Array(32)
    cx.config.crypto.randomFill(random)
    const randoms: Randoms = { client: hello.random, server: random }
    const keyExchange = cx.config.crypto.createKeyExchange(choice.group.name)
    const { flight } = cx
    flight.begin()
    flight.message(HandshakeType.serverHello, composeServerHello(hello, choice, random))
    flight.message(HandshakeType.certificate, encodeCertificateMessage([cx.config.certificate.der]))
    flight.message(HandshakeType.serverKeyExchange, composeKeyExchange(cx, choice, randoms, keyExchange))
    flight.message(HandshakeType.certificateRequest, composeCertificateRequest())
    flight.message(HandshakeType.serverHelloDone, new Uint8Array(0))
    flight.end()
    return new ExpectClientCertificate({
      negotiated: choice.negotiated,
      group: choice.group,
      randoms,
      keyExchange,
    })
  }
}

/** Answers only what the client brought up, RFC 5246 §7.4.1.4. Without session id: no session is kept for later. */
function composeServerHello(hello: ClientHello, choice: Choice, random: Uint8Array): Uint8Array {
  const { version, suite, srtpProfile } = choice.negotiated
  const extensions = new Extensions().set(ExtendedMasterSecret, true)
  if (choice.knowsRenegotiationInfo) extensions.set(RenegotiationInfo, firstHandshake)
  if (hello.extensions.has(EcPointFormats)) extensions.set(EcPointFormats, [uncompressedPoint])
  if (srtpProfile !== null) extensions.set(UseSrtp, { profiles: [srtpProfile], mki: new Uint8Array(0) })
  return encodeServerHello({
    version,
    random,
    sessionId: new Uint8Array(0),
    cipherSuite: suite.id,
    compressionMethod: 0,
    extensions,
  })
}

/** RFC 8422 §5.4: the ephemeral key and both randoms, signed. */
function composeKeyExchange(
  cx: HandshakeContext,
  { group, signatureScheme }: Choice,
  randoms: Randoms,
  keyExchange: KeyExchange,
): Uint8Array {
  const parameters = encodeEcdhParameters({ group: group.id, publicKey: keyExchange.publicKey })
  const signed = concatBytes(randoms.client, randoms.server, parameters)
  const signature = cx.config.certificate.privateKey.sign(signatureScheme.name, signed)
  return encodeServerKeyExchange(parameters, { scheme: signatureScheme.id, signature })
}

const composeCertificateRequest = (): Uint8Array =>
  encodeCertificateRequest({
    certificateTypes: [ecdsaSign],
    signatureSchemes: signatureSchemes.map(({ id }) => id),
  })
