import { Millis } from '@purertc/bytes'

import { answerCertificateTypes, type CertificateTypes } from '../../certificate/certificate-types.ts'
import { type Credential, sign } from '../../certificate/credential.ts'
import { namedAuthorities } from '../../certificate/named-authorities.ts'
import type { ResolvedConfig } from '../../resolved-config.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { CertificateAuthorities } from '../../extensions/certificate-authorities.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { ServerKeyShare } from '../../extensions/key-share.ts'
import { ServerNameAcknowledged } from '../../extensions/server-name.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import { SelectedPsk } from '../../extensions/pre-shared-key.ts'
import { SelectedVersion } from '../../extensions/supported-versions.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import { answer } from '../../keys/key-agreement.ts'
import { encodeCertificateVerify } from '../../messages/certificate-verify.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { encodeServerHello } from '../../messages/server-hello.ts'
import { admitAnonymous } from '../../proofs/peer-authenticated.ts'
import { offerProtocols } from '../../protocol/alpn.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { writeChain } from '../certificate-chain.ts'
import { certificateVerifyContent } from '../certificate-verify-content.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import { Epoch, type HandshakeContext, type HandshakeState } from '../handshake-state.ts'
import { encodeCertificateRequest } from '../messages/certificate-request.ts'
import { encodeEncryptedExtensions } from '../messages/encrypted-extensions.ts'
import { beginKeys } from '../psk/pre-shared-key.ts'
import { type Choice, chooseProof } from './choice.ts'
import { ExpectClientCertificate } from './expect-client-certificate.ts'
import { ExpectClientFinished } from './expect-client-finished.ts'
import type { FlightSent } from './progress.ts'
import { type PskSelection, takesPsks } from './select-psk.ts'

/** What a server has settled before it answers. */
export interface Answer {
  readonly choice: Choice
  /** The client's key for the group. */
  readonly share: Uint8Array
  /** By which the two ends know each other; null where certificates are to tell. */
  readonly selected: PskSelection | null
}

/** The server's whole flight, from ServerHello to Finished. Throws `PeerMisbehaved` where we cannot show who we are. */
export function sendServerFlight(cx: HandshakeContext, hello: ClientHello, answered: Answer): HandshakeState {
  const { config, flight, transcript } = cx
  const { choice, share, selected } = answered
  const { suite, group } = choice
  const proof = selected === null ? chooseProof(config, hello) : null
  const { credential, types } = proof ?? { credential: null, types: null }
  const negotiated = { ...choice.negotiated, ...(types !== null && { certificateTypes: types }) }
  const exchange = answer(config.crypto, group.name, share)
  flight.begin()
  flight.message(HandshakeType.serverHello, composeServerHello(cx, answered, exchange.publicKey))
  const psk = selected?.psk ?? null
  const { keys, peer } = beginKeys(config.crypto, suite, psk, exchange.secret, transcript)
  keys.log(config.keyLog, hello.random)
  cx.enterEpoch(Epoch.handshake, keys.server)
  cx.expectEpoch(Epoch.handshake, keys.client)

  flight.message(HandshakeType.encryptedExtensions, composeExtensions(cx, answered, hello, types))
  const asksForCertificate = credential !== null && config.clientCertificate !== 'none'
  if (asksForCertificate) flight.message(HandshakeType.certificateRequest, composeCertificateRequest(config))
  if (credential !== null) sendCertificate(cx, suite, credential, negotiated.certificateTypes)
  const hash = transcript.digest(config.crypto, suite.hash)
  flight.message(HandshakeType.finished, keys.server.verifyData(hash))
  const application = keys.applicationKeys(transcript)
  application.log(config.keyLog, hello.random)
  cx.enterEpoch(Epoch.application, application.server)
  flight.end()
  const sent: FlightSent = {
    negotiated,
    suite,
    group,
    keys,
    application,
    takesTickets: takesPsks(hello),
    until: psk?.origin === 'ticket' ? psk.remembered.expires : Millis(Infinity),
  }
  return asksForCertificate
    ? new ExpectClientCertificate(sent)
    : new ExpectClientFinished(sent, peer ?? admitAnonymous(config))
}

function composeServerHello(
  { config, connectionIds }: HandshakeContext,
  { choice: { suite, group }, selected }: Answer,
  publicKey: Uint8Array,
): Uint8Array {
  const random = new Uint8Array(32)
  config.crypto.randomFill(random)
  const extensions = new Extensions()
    .set(SelectedVersion, ProtocolVersion.dtls13)
    .set(ServerKeyShare, { group: group.id, keyExchange: publicKey })
  connectionIds.answer(extensions)
  if (selected !== null) extensions.set(SelectedPsk, selected.index)
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

function composeExtensions(
  { config, recordSizes }: HandshakeContext,
  { choice: { negotiated }, selected }: Answer,
  hello: ClientHello,
  types: CertificateTypes | null,
): Uint8Array {
  const { srtpProfile, alpnProtocol, serverName } = negotiated
  const extensions = new Extensions()
  // RFC 6066 §3: not where a session is resumed, for which it has decided nothing.
  if (serverName !== null && selected?.psk.origin !== 'ticket') extensions.set(ServerNameAcknowledged, true)
  if (alpnProtocol !== null) extensions.set(ApplicationLayerProtocols, offerProtocols([alpnProtocol]))
  if (srtpProfile !== null) extensions.set(UseSrtp, { profiles: [srtpProfile], mki: new Uint8Array(0) })
  if (types !== null) answerCertificateTypes(config, types, hello.extensions, extensions)
  recordSizes.answer(config, extensions, true)
  return encodeEncryptedExtensions(extensions)
}

function composeCertificateRequest({ signatureSchemes, verify }: ResolvedConfig): Uint8Array {
  const schemes = signatureSchemes.map(({ id }) => id)
  const extensions = new Extensions().set(SignatureAlgorithms, schemes)
  const authorities = namedAuthorities(verify)
  if (authorities.length > 0) extensions.set(CertificateAuthorities, authorities)
  return encodeCertificateRequest({ context: new Uint8Array(0), extensions })
}

function sendCertificate(
  { config, flight, transcript }: HandshakeContext,
  suite: CipherSuite13,
  credential: Credential,
  { server: type }: CertificateTypes,
): void {
  flight.message(HandshakeType.certificate, writeChain(credential, type))
  const content = certificateVerifyContent('server', transcript.digest(config.crypto, suite.hash))
  flight.message(HandshakeType.certificateVerify, encodeCertificateVerify(sign(credential, content)))
}
