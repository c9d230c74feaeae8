import type { KeyExchange } from '@purertc/crypto'

import { offerCertificateTypes } from '../../certificate/certificate-types.ts'
import { permits } from '../../resolved-config.ts'
import { choosePsks } from '../../dtls13/client/choose-psks.ts'
import { type ClientOffer, setKeyShares } from '../../dtls13/client/client-offer.ts'
import { bindPsks } from '../../dtls13/psk/binders.ts'
import type { PreSharedKey } from '../../dtls13/psk/pre-shared-key.ts'
import { Transcript as Dtls13Transcript } from '../../dtls13/transcript.ts'
import { EcPointFormats, uncompressedPoint } from '../../extensions/ec-point-formats.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { ExtendedMasterSecret } from '../../extensions/extended-master-secret.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { pskDheKe, PskKeyExchangeModes } from '../../extensions/psk-key-exchange-modes.ts'
import { firstHandshake, RenegotiationInfo } from '../../extensions/renegotiation-info.ts'
import { ServerName } from '../../extensions/server-name.ts'
import { SessionTicket } from '../../extensions/session-ticket.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../extensions/supported-groups.ts'
import { SupportedVersions } from '../../extensions/supported-versions.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import type { HandshakeContext, HandshakeState } from '../../handshake/handshake-state.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { offerProtocols } from '../../protocol/alpn.ts'
import { curvesOf } from '../../protocol/named-group.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { ResolvedConfig } from '../../resolved-config.ts'
import { ExpectServerHello, sendClientHello } from './expect-server-hello.ts'
import { offerSession, type SessionOffer } from './session-offer.ts'

/**
 * Composes the first flight: one ClientHello with all that we can do, for servers of either version. `shares` are those
 * of `createKeyShares`.
 */
export function startClient(cx: HandshakeContext, shares: readonly KeyExchange[]): HandshakeState {
  const { config, now } = cx
  const offer = composeOffer(cx, offerSession(config, now), choosePsks(config, now), shares)
  bindPsks(config.crypto, now, new Dtls13Transcript(), offer.hello, offer.psks)
  // RFC 6347 §4.1 and RFC 5246 §E.1: a first record claims the oldest version, for servers that read no further.
  cx.records.setVersion(ProtocolVersion.dtls10)
  sendClientHello(cx, offer.hello)
  return new ExpectServerHello(offer)
}

function composeOffer(
  cx: HandshakeContext,
  session: SessionOffer | null,
  psks: readonly PreSharedKey[],
  shares: readonly KeyExchange[],
): ClientOffer {
  const { config } = cx
  const random = new Uint8Array(32)
  config.crypto.randomFill(random)
  const speaks12 = permits(config, ProtocolVersion.dtls12)
  // Where nothing but shared keys will do, and the one to take depends on the server's hint, that is DTLS 1.2.
  const needsHint = speaks12 && 'psk' in config.verify && psks.length === 0
  const speaks13 = permits(config, ProtocolVersion.dtls13) && !needsHint
  const suites = [...(speaks13 ? config.cipherSuites13 : []), ...(speaks12 ? config.cipherSuites : [])]
  const extensions = new Extensions()
  if (speaks13) offerVersions(extensions, speaks12)
  if (speaks12) offerDtls12(config, extensions, session)
  offerEitherVersion(cx, extensions, speaks13 ? config.groups : curvesOf(config.groups))
  if (speaks13) setKeyShares(extensions, shares)
  if (speaks13 && (config.asksForSession || psks.length > 0)) extensions.set(PskKeyExchangeModes, [pskDheKe])
  const hello: ClientHello = {
    version: ProtocolVersion.dtls12,
    random,
    sessionId: session?.session.sessionId ?? new Uint8Array(0),
    cookie: new Uint8Array(0),
    cipherSuites: suites.map((suite) => suite.id),
    compressionMethods: Uint8Array.of(noCompression),
    extensions,
  }
  return { hello, shares, session, psks }
}

function offerDtls12(config: ResolvedConfig, extensions: Extensions, session: SessionOffer | null): void {
  extensions
    .set(ExtendedMasterSecret, true)
    .set(RenegotiationInfo, firstHandshake)
    .set(EcPointFormats, [uncompressedPoint])
  if (config.asksForSession || session !== null)
    extensions.set(SessionTicket, session?.session.ticket ?? new Uint8Array(0))
}

/** What means the same in both versions. */
function offerEitherVersion(
  { config, connectionIds, recordSizes }: HandshakeContext,
  extensions: Extensions,
  groups: ResolvedConfig['groups'],
): void {
  extensions
    .set(
      SupportedGroups,
      groups.map((group) => group.id),
    )
    .set(
      SignatureAlgorithms,
      config.signatureSchemes.map((scheme) => scheme.id),
    )
  if (config.serverName !== null) extensions.set(ServerName, config.serverName)
  if (config.alpn.length > 0) extensions.set(ApplicationLayerProtocols, offerProtocols(config.alpn))
  if (config.srtpProfiles.length > 0)
    extensions.set(UseSrtp, { profiles: config.srtpProfiles, mki: new Uint8Array(0) })
  offerCertificateTypes(config, extensions)
  connectionIds.offer(extensions)
  recordSizes.offer(config, extensions)
}

function offerVersions(extensions: Extensions, speaks12: boolean): void {
  const { dtls12, dtls13 } = ProtocolVersion
  extensions.set(SupportedVersions, speaks12 ? [dtls13, dtls12] : [dtls13])
}

const noCompression = 0
