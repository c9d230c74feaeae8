import { concatBytes } from '@purertc/bytes'

import { answerCertificateTypes } from '../../certificate/certificate-types.ts'
import { permits } from '../../resolved-config.ts'
import { HandOver } from '../../dtls13/hand-over.ts'
import { answerClientHello } from '../../dtls13/server/answer-client-hello.ts'
import { EcPointFormats, uncompressedPoint } from '../../extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../extensions/extended-master-secret.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { firstHandshake, RenegotiationInfo } from '../../extensions/renegotiation-info.ts'
import { ServerNameAcknowledged } from '../../extensions/server-name.ts'
import { SessionTicket } from '../../extensions/session-ticket.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import { chooseVersion } from '../../handshake/choose-version.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { type ClientHello, decodeClientHello } from '../../messages/client-hello.ts'
import { encodeServerHello } from '../../messages/server-hello.ts'
import { offerProtocols } from '../../protocol/alpn.ts'
import { markDowngrade } from '../../protocol/downgrade.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { pskBytes } from '../../protocol/psk.ts'
import { type Credential, sign } from '../../certificate/credential.ts'
import { KeySchedule, type Randoms } from '../keys/key-schedule.ts'
import { encodeShown } from '../messages/certificate-message.ts'
import {
  type EcdhParameters,
  encodeEcdhParameters,
  encodePskServerKeyExchange,
  encodeServerKeyExchange,
} from '../messages/server-key-exchange.ts'
import { composeCertificateRequest } from './certificate-request.ts'
import { ExpectClientCertificate } from './expect-client-certificate.ts'
import { sendTicket } from './client-memory.ts'
import { ExpectClientKeyExchange } from './expect-client-key-exchange.ts'
import { ExpectResumedFinished } from './expect-resumed-finished.ts'
import { type Choice, negotiate, renegotiate } from './negotiation.ts'
import { type RecalledSession, recallSession } from './recall-session.ts'
import type { ServerEphemeral, ServerHelloSent } from './progress.ts'

/** Where a server begins, once the client's address is known to be its own. Answers with the whole flight 4. */
export class ExpectClientHello implements HandshakeState {
  readonly expects = 'clientHello'

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type !== HandshakeType.clientHello) throw unexpected(this, message)
    const hello = decodeClientHello(message.body)
    if (chooseVersion(cx.config, hello) === ProtocolVersion.dtls13) {
      cx.records.setVersion(ProtocolVersion.dtls12)
      return new HandOver((next) => answerClientHello(next, hello, message))
    }
    const recalled = recallSession(cx.config, cx.now, hello)
    const choice = recalled === null ? negotiate(cx.config, hello) : renegotiate(cx.config, hello, recalled)
    cx.connectionIds.receive(hello.extensions)
    cx.recordSizes.agree(cx.config, hello.extensions, cx.connectionIds.typeLengths)
    cx.transcript.add(message.type, message.sequence, message.body)

    const random = new Uint8Array(32)
    cx.config.crypto.randomFill(random)
    if (permits(cx.config, ProtocolVersion.dtls13)) markDowngrade(random)
    const randoms: Randoms = { client: hello.random, server: random }
    if (recalled !== null) return resume(cx, recalled, hello, choice, randoms)
    const ephemeral = choice.group && {
      group: choice.group,
      keyExchange: cx.config.crypto.createKeyExchange(choice.group.name),
    }
    const { flight } = cx
    flight.begin()
    flight.message(HandshakeType.serverHello, composeServerHello(cx, hello, choice, random))
    const isCertificateAsked = sendKeyExchange(cx, choice, randoms, ephemeral)
    flight.message(HandshakeType.serverHelloDone, new Uint8Array(0))
    flight.end()
    const sent: ServerHelloSent = { negotiated: choice.negotiated, randoms, ephemeral }
    return isCertificateAsked ? new ExpectClientCertificate(sent) : new ExpectClientKeyExchange(sent, null)
  }
}

/** The short way, RFC 5246 §7.3: all that a server has to say, up to Finished. */
function resume(
  cx: HandshakeContext,
  { remembered, peer }: RecalledSession,
  hello: ClientHello,
  choice: Choice,
  randoms: Randoms,
): HandshakeState {
  const { negotiated } = choice
  const keys = new KeySchedule(cx.config.crypto, negotiated.suite, randoms, remembered.masterSecret)
  keys.log(cx.config.keyLog)
  const protections = keys.recordProtections(cx.connectionIds.bySender(cx.config.role))
  cx.flight.begin()
  cx.flight.message(HandshakeType.serverHello, composeServerHello(cx, hello, choice, randoms.server))
  if (negotiated.memory.kind === 'ticket') sendTicket(cx, remembered)
  cx.flight.changeCipherSpec(protections.server)
  cx.flight.message(HandshakeType.finished, keys.verifyData('server', cx.transcript))
  cx.flight.end()
  cx.expectProtected(protections.client)
  return new ExpectResumedFinished(negotiated, keys, peer)
}

/** Answers only what the client brought up, RFC 5246 §7.4.1.4. */
function composeServerHello(
  { config, connectionIds, recordSizes }: HandshakeContext,
  hello: ClientHello,
  choice: Choice,
  random: Uint8Array,
): Uint8Array {
  const { version, suite, srtpProfile, alpnProtocol, serverName, memory } = choice.negotiated
  const extensions = new Extensions().set(ExtendedMasterSecret, true)
  if (choice.knowsRenegotiationInfo) extensions.set(RenegotiationInfo, firstHandshake)
  if (serverName !== null) extensions.set(ServerNameAcknowledged, true)
  if (hello.extensions.has(EcPointFormats) && choice.group !== null)
    extensions.set(EcPointFormats, [uncompressedPoint])
  if (memory.kind === 'ticket') extensions.set(SessionTicket, new Uint8Array(0))
  if (alpnProtocol !== null) extensions.set(ApplicationLayerProtocols, offerProtocols([alpnProtocol]))
  if (srtpProfile !== null) extensions.set(UseSrtp, { profiles: [srtpProfile], mki: new Uint8Array(0) })
  if (choice.credential !== null)
    answerCertificateTypes(config, choice.negotiated.certificateTypes, hello.extensions, extensions)
  connectionIds.answer(extensions)
  recordSizes.answer(config, extensions, false)
  return encodeServerHello({
    version,
    random,
    sessionId: memory.sessionId,
    cipherSuite: suite.id,
    compressionMethod: 0,
    extensions,
  })
}

/** From Certificate to CertificateRequest, as far as the suite has them; whether the client was asked for one. */
function sendKeyExchange(
  { config, flight }: HandshakeContext,
  { credential, negotiated }: Choice,
  randoms: Randoms,
  ephemeral: ServerEphemeral | null,
): boolean {
  const ecdh = ephemeral && { group: ephemeral.group.id, publicKey: ephemeral.keyExchange.publicKey }
  if (credential === null || ecdh === null) {
    const hint = config.serverPsk?.hint
    // RFC 4279 §2: without a hint, and without an ephemeral key, the message is omitted.
    if (hint !== undefined || ecdh !== null)
      flight.message(
        HandshakeType.serverKeyExchange,
        encodePskServerKeyExchange({ hint: pskBytes(hint ?? ''), ecdh }),
      )
    return false
  }
  const shown = encodeShown(credential.certificate, negotiated.certificateTypes.server)
  flight.message(HandshakeType.certificate, shown)
  flight.message(HandshakeType.serverKeyExchange, composeKeyExchange(credential, randoms, ecdh))
  if (config.clientCertificate === 'none') return false
  flight.message(HandshakeType.certificateRequest, composeCertificateRequest(config))
  return true
}

/** RFC 8422 §5.4: the ephemeral key and both randoms, signed. */
function composeKeyExchange(credential: Credential, randoms: Randoms, ecdh: EcdhParameters): Uint8Array {
  const parameters = encodeEcdhParameters(ecdh)
  const signed = sign(credential, concatBytes(randoms.client, randoms.server, parameters))
  return encodeServerKeyExchange(parameters, signed)
}
