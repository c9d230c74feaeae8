import { permits, type ResolvedConfig } from '../resolved-config.ts'
import { PeerMisbehaved } from '../errors.ts'
import { SupportedVersions } from '../extensions/supported-versions.ts'
import type { ClientHello } from '../messages/client-hello.ts'
import { ProtocolVersion, reachesDtls12 } from '../protocol/protocol-version.ts'

/**
 * The best version that a client and we have in common: a client of DTLS 1.3 lists its versions (RFC 8446 §4.2.1); one
 * of 1.2 names its highest (RFC 5246 §7.4.1.2). Throws `PeerMisbehaved` where there is none.
 */
export function chooseVersion(config: ResolvedConfig, hello: ClientHello): ProtocolVersion {
  const listed = hello.extensions.get(SupportedVersions)
  const { dtls12, dtls13 } = ProtocolVersion
  if (listed?.includes(dtls13) === true && permits(config, dtls13)) return dtls13
  const reaches12 = listed === undefined ? reachesDtls12(hello.version) : listed.includes(dtls12)
  if (!reaches12 || !permits(config, dtls12))
    throw new PeerMisbehaved('unsupported-version', 'the client speaks no version of ours')
  return dtls12
}
