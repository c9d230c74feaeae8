import { copyBytes, equalBytes } from '@purertc/bytes'

import { acceptCertificateTypes, certificatesOnly } from '../../certificate/certificate-types.ts'
import { permits, type ResolvedConfig } from '../../resolved-config.ts'
import type { ClientOffer } from '../../dtls13/client/client-offer.ts'
import { receiveFirstHello } from '../../dtls13/client/receive-server-hello.ts'
import { HandOver } from '../../dtls13/hand-over.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { EcPointFormats, uncompressedPoint } from '../../extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../extensions/extended-master-secret.ts'
import { RenegotiationInfo } from '../../extensions/renegotiation-info.ts'
import { ServerNameAcknowledged } from '../../extensions/server-name.ts'
import { SessionTicket } from '../../extensions/session-ticket.ts'
import { SelectedVersion, SupportedVersions } from '../../extensions/supported-versions.ts'
import type { HandshakeMessage } from '../../handshake/handshake-message.ts'
import { type HandshakeContext, type HandshakeState, unexpected } from '../../handshake/handshake-state.ts'
import { type ClientHello, encodeClientHello } from '../../messages/client-hello.ts'
import { decodeHelloVerifyRequest } from '../messages/hello-verify-request.ts'
import { decodeServerHello, type ServerHello } from '../../messages/server-hello.ts'
import { acceptSrtpProfile } from '../../protocol/srtp-profile.ts'
import { acceptProtocol } from '../../protocol/alpn.ts'
import { isDowngrade } from '../../protocol/downgrade.ts'
import { HandshakeType } from '../../protocol/handshake-type.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { Negotiated12 } from '../negotiated.ts'
import { KeySchedule, type Randoms } from '../keys/key-schedule.ts'
import { ExpectCertificate } from './expect-certificate.ts'
import { expectFinished } from './expect-finished.ts'
import { ExpectPskServerKeyExchange } from './expect-psk-server-key-exchange.ts'
import type { SessionOffer } from './session-offer.ts'

/** The server may ask for a cookie first, more than once where its secret has changed meanwhile. */
export class ExpectServerHello implements HandshakeState {
  readonly expects = 'serverHello'
  readonly #offer: ClientOffer
  readonly #cookies: number

  constructor(offer: ClientOffer, cookies = 0) {
    this.#offer = offer
    this.#cookies = cookies
  }

  handle(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (message.type === HandshakeType.helloVerifyRequest) return this.#answerCookie(message, cx)
    if (message.type !== HandshakeType.serverHello) throw unexpected(this, message)
    const hello = decodeServerHello(message.body)
    if (hello.extensions.has(SelectedVersion)) return this.#handOver(message)
    if (offers13(this.#offer) && isDowngrade(hello.random))
      throw new PeerMisbehaved('illegal-parameter', 'somebody took DTLS 1.3 out of our offer')
    const negotiated = acceptServerHello(cx.config, this.#offer.hello, hello)
    cx.connectionIds.accept(hello.extensions)
    cx.recordSizes.agree(cx.config, hello.extensions, cx.connectionIds.typeLengths)
    cx.transcript.add(message.type, message.sequence, message.body)
    cx.records.setVersion(negotiated.version)
    const randoms: Randoms = { client: this.#offer.hello.random, server: hello.random }
    const resumed = resumedBy(this.#offer.session, hello)
    if (resumed !== null) return resume(cx, resumed, negotiated, randoms)
    const { keyExchange } = negotiated.suite
    return keyExchange === 'psk' || keyExchange === 'ecdhe_psk'
      ? new ExpectPskServerKeyExchange(negotiated, randoms)
      : new ExpectCertificate(negotiated, randoms)
  }

  #answerCookie(message: HandshakeMessage, cx: HandshakeContext): HandshakeState {
    if (this.#cookies === maxCookies) throw new PeerMisbehaved('unexpected-message', 'a cookie too many')
    const { cookie } = decodeHelloVerifyRequest(message.body)
    const hello = { ...this.#offer.hello, cookie }
    cx.transcript.clear()
    sendClientHello(cx, hello)
    return new ExpectServerHello({ ...this.#offer, hello }, this.#cookies + 1)
  }

  /** `supported_versions` in the answer means DTLS 1.3, RFC 8446 §4.2.1, which has cookies of its own. */
  #handOver(message: HandshakeMessage): HandshakeState {
    if (!offers13(this.#offer))
      throw new PeerMisbehaved('unsolicited-extension', 'supported_versions was not offered')
    if (this.#cookies > 0)
      throw new PeerMisbehaved('illegal-parameter', 'DTLS 1.3 after a cookie of DTLS 1.2')
    return new HandOver((cx) => receiveFirstHello(cx, this.#offer, message))
  }
}

const offers13 = ({ hello }: ClientOffer): boolean => hello.extensions.has(SupportedVersions)

/** Also with a cookie: everything else then stays as it was, RFC 6347 §4.2.1. */
export function sendClientHello(cx: HandshakeContext, hello: ClientHello): void {
  cx.flight.begin()
  cx.flight.message(HandshakeType.clientHello, encodeClientHello(hello))
  cx.flight.end()
}

/** Checks that the server chose from what we offered, and answered nothing else. RFC 5246 §7.4.1.3. */
function acceptServerHello(config: ResolvedConfig, offer: ClientHello, hello: ServerHello): Negotiated12 {
  if (hello.version !== ProtocolVersion.dtls12 || !permits(config, ProtocolVersion.dtls12))
    throw new PeerMisbehaved('unsupported-version', `version ${hello.version} was not offered`)
  const suite = config.cipherSuites.find(({ id }) => id === hello.cipherSuite)
  if (suite === undefined)
    throw new PeerMisbehaved('illegal-parameter', `cipher suite ${hello.cipherSuite} was not offered`)
  if (!offer.compressionMethods.includes(hello.compressionMethod))
    throw new PeerMisbehaved('illegal-parameter', 'compression was not offered')

  const offered = new Set(offer.extensions.types)
  for (const type of hello.extensions.types)
    if (!offered.has(type))
      throw new PeerMisbehaved('unsolicited-extension', `extension ${type} was not offered`)
  if (hello.extensions.get(ExtendedMasterSecret) !== true)
    throw new PeerMisbehaved('no-extended-master-secret', 'the server lacks the extended master secret')
  if ((hello.extensions.get(RenegotiationInfo)?.length ?? 0) > 0)
    throw new PeerMisbehaved('bad-renegotiation-info', 'renegotiation_info of another handshake')
  if (hello.extensions.get(EcPointFormats)?.includes(uncompressedPoint) === false)
    throw new PeerMisbehaved('illegal-parameter', 'no uncompressed points')
  // RFC 6066 §3: the answer has no body, and says that the name was of use.
  hello.extensions.get(ServerNameAcknowledged)
  return {
    version: ProtocolVersion.dtls12,
    certificateTypes: suite.keyExchange.endsWith('psk')
      ? certificatesOnly
      : acceptCertificateTypes(config, offer.extensions, hello.extensions),
    suite,
    srtpProfile: acceptSrtpProfile(offer.extensions, hello.extensions),
    alpnProtocol: acceptProtocol(config.alpn, hello.extensions),
    serverName: config.serverName,
    memory: {
      kind: hello.extensions.has(SessionTicket) ? 'ticket' : hello.sessionId.length > 0 ? 'id' : 'none',
      sessionId: copyBytes(hello.sessionId),
    },
  }
}

/** The session that the server takes up by repeating its id, RFC 5246 §7.4.1.3; null where it begins another. */
function resumedBy(offer: SessionOffer | null, hello: ServerHello): SessionOffer | null {
  if (offer === null || !equalBytes(offer.session.sessionId, hello.sessionId)) return null
  if (hello.cipherSuite !== offer.session.remembered.suite.id)
    throw new PeerMisbehaved('illegal-parameter', 'the resumed session had another cipher suite')
  return offer
}

/** The server's Finished is next, behind the ticket that it may have promised. */
function resume(
  cx: HandshakeContext,
  { session, peer }: SessionOffer,
  negotiated: Negotiated12,
  randoms: Randoms,
): HandshakeState {
  const { crypto, keyLog } = cx.config
  const keys = new KeySchedule(crypto, negotiated.suite, randoms, session.remembered.masterSecret)
  keys.log(keyLog)
  const protections = keys.recordProtections(cx.connectionIds.bySender(cx.config.role))
  cx.expectProtected(protections.server)
  // Without a new ticket the old one stays good.
  const memory = {
    sessionId: session.sessionId,
    ticket: session.ticket && { lifetimeHint: 0, ticket: session.ticket },
    until: session.remembered.expires,
  }
  return expectFinished({ negotiated, group: null, peer, keys, memory, protection: protections.client })
}

const maxCookies = 4
