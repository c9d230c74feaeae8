import { EcPointFormats, uncompressedPoint } from '../../extensions/ec-point-formats.ts'
import { ApplicationLayerProtocols } from '../../extensions/application-layer-protocols.ts'
import { ExtendedMasterSecret } from '../../extensions/extended-master-secret.ts'
import { Extensions } from '../../extensions/extensions.ts'
import { firstHandshake, RenegotiationInfo } from '../../extensions/renegotiation-info.ts'
import { ServerName } from '../../extensions/server-name.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../extensions/supported-groups.ts'
import { UseSrtp } from '../../extensions/use-srtp.ts'
import type { HandshakeContext, HandshakeState } from '../../handshake/handshake-state.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { offerProtocols } from '../../protocol/alpn.ts'
import { namedGroups } from '../../protocol/named-group.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { ExpectServerHello, sendClientHello } from './expect-server-hello.ts'

/** Composes the first flight: a ClientHello with all that we can do. */
export function startClient(cx: HandshakeContext): HandshakeState {
  const hello = composeClientHello(cx)
  // RFC 6347 §4.1 and RFC 5246 §E.1: a first record claims the oldest version, for servers that read no further.
  cx.records.setVersion(ProtocolVersion.dtls10)
  sendClientHello(cx, hello)
  return new ExpectServerHello(hello)
}

function composeClientHello({ config }: HandshakeContext): ClientHello {
  const random = new Uint8Array(32)
  config.crypto.randomFill(random)
  const extensions = new Extensions()
    .set(ExtendedMasterSecret, true)
    .set(RenegotiationInfo, firstHandshake)
    .set(
      SupportedGroups,
      namedGroups.map((group) => group.id),
    )
    .set(EcPointFormats, [uncompressedPoint])
    .set(
      SignatureAlgorithms,
      config.signatureSchemes.map((scheme) => scheme.id),
    )
  if (config.serverName !== null) extensions.set(ServerName, config.serverName)
  if (config.alpn.length > 0) extensions.set(ApplicationLayerProtocols, offerProtocols(config.alpn))
  if (config.srtpProfiles.length > 0)
    extensions.set(UseSrtp, { profiles: config.srtpProfiles, mki: new Uint8Array(0) })
  return {
    version: ProtocolVersion.dtls12,
    random,
    sessionId: new Uint8Array(0),
    cookie: new Uint8Array(0),
    cipherSuites: config.cipherSuites.map((suite) => suite.id),
    compressionMethods: Uint8Array.of(noCompression),
    extensions,
  }
}

const noCompression = 0
