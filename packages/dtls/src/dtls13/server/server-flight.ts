import { sign } from '../../certificate/credential.ts'
import type { ResolvedConfig } from '../../config.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { ServerKeyShare } from '../../extensions/key-share.ts'
import { ServerNameAcknowledged } from '../../extensions/server-name.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import { SelectedVersion } from '../../extensions/supported-versions.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import { answer } from '../../keys/key-agreement.ts'
import { encodeCertificateVerify } from '../../messages/certificate-verify.ts'
import { encodeServerHello } from '../../messages/server-hello.ts'
import { admitAnonymous } from '../../proofs/peer-authenticated.ts'
import { offerProtocols } from '../../protocol/alpn.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { writeChain } from '../certificate-chain.ts'
import { certificateVerifyContent } from '../certificate-verify-content.ts'
import { Epoch, type HandshakeContext, type HandshakeState } from '../handshake-state.ts'
import { HandshakeKeys } from '../keys/key-schedule.ts'
import { encodeCertificateRequest } from '../messages/certificate-request.ts'
import { encodeEncryptedExtensions } from '../messages/encrypted-extensions.ts'
import type { Choice } from './choice.ts'
import { ExpectClientCertificate } from './expect-client-certificate.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'

/** The server's whole flight, from ServerHello to Finished; `share` is the client's key. */
export function sendServerFlight(
  cx: HandshakeContext,
  clientRandom: Uint8Array,
  choice: Choice,
  share: Uint8Array,
): HandshakeState {
  const { config, flight, transcript } = cx
  const { suite, group } = choice
  const exchange = answer(config.crypto, group.name, share)
  flight.begin()
  flight.message(HandshakeType.serverHello, composeServerHello(cx, choice, exchange.publicKey))
  const keys = new HandshakeKeys(config.crypto, suite, null, exchange.secret, transcript)
  keys.log(config.keyLog, clientRandom)
  cx.enterEpoch(Epoch.handshake, keys.server)
  cx.expectEpoch(Epoch.handshake, keys.client)

  flight.message(HandshakeType.encryptedExtensions, composeExtensions(choice))
  const asksForCertificate = config.clientCertificate !== 'none'
  if (asksForCertificate) flight.message(HandshakeType.certificateRequest, composeCertificateRequest(config))
  flight.message(HandshakeType.certificate, writeChain(choice.credential))
  flight.message(HandshakeType.certificateVerify, composeCertificateVerify(cx, choice))
  const hash = transcript.digest(config.crypto, suite.hash)
  flight.message(HandshakeType.finished, keys.server.verifyData(hash))
  const application = keys.applicationKeys(transcript)
  application.log(config.keyLog, clientRandom)
  cx.enterEpoch(Epoch.application, application.server)
  flight.end()
  const sent = { negotiated: choice.negotiated, suite, group, keys, application }
  return asksForCertificate
    ? new ExpectClientCertificate(sent)
    : new ExpectClientFinished(sent, admitAnonymous(config))
}

function composeServerHello(
  { config, connectionIds }: HandshakeContext,
  { suite, group }: Choice,
  publicKey: Uint8Array,
): Uint8Array {
  const random = new Uint8Array(32)
  config.crypto.randomFill(random)
  const extensions = new Extensions()
    .set(SelectedVersion, ProtocolVersion.dtls13)
    .set(ServerKeyShare, { group: group.id, keyExchange: publicKey })
  connectionIds.answer(extensions)
  return encodeServerHello({
    version: ProtocolVersion.dtls12,
    random,
    // RFC 9147 §5.3: whatever the client sent.
    sessionId: new Uint8Array(0),
    cipherSuite: suite.id,
    compressionMethod: 0,
    extensions,
  })
}

function composeExtensions({ negotiated }: Choice): Uint8Array {
  const { srtpProfile, alpnProtocol, serverName } = negotiated
  const extensions = new Extensions()
  if (serverName !== null) extensions.set(ServerNameAcknowledged, true)
  if (alpnProtocol !== null) extensions.set(ApplicationLayerProtocols, offerProtocols([alpnProtocol]))
  if (srtpProfile !== null) extensions.set(UseSrtp, { profiles: [srtpProfile], mki: new Uint8Array(0) })
  return encodeEncryptedExtensions(extensions)
}

const composeCertificateRequest = ({ signatureSchemes }: ResolvedConfig): Uint8Array =>
  encodeCertificateRequest({
    context: new Uint8Array(0),
    extensions: new Extensions().set(
      SignatureAlgorithms,
      signatureSchemes.map(({ id }) => id),
    ),
  })

function composeCertificateVerify(
  { config, transcript }: HandshakeContext,
  { suite, credential }: Choice,
): Uint8Array {
  const content = certificateVerifyContent('server', transcript.digest(config.crypto, suite.hash))
  return encodeCertificateVerify(sign(credential, content))
}
