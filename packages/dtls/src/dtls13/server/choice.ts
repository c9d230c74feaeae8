import {
  type CertificateTypes,
  certificatesOnly,
  chooseCertificateTypes,
} from '../../certificate/certificate-types.ts'
import { certificatesSuiting } from '../../certificate/certificates-for.ts'
import { chooseCredential, type Credential } from '../../certificate/credential.ts'
import type { ResolvedConfig } from '../../resolved-config.ts'
import { PeerMisbehaved } from '../../errors.ts'
import { ClientKeyShares } from '../../extensions/key-share.ts'
import { PreSharedKeys } from '../../extensions/pre-shared-key.ts'
import { ServerName } from '../../extensions/server-name.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../extensions/supported-groups.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { chooseSrtpProfile } from '../../protocol/srtp-profile.ts'
import { chooseProtocol } from '../../protocol/alpn.ts'
import type { NamedGroup } from '../../protocol/named-group.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import type { Negotiated } from '../../session.ts'
import type { CipherSuite13 } from '../cipher-suite.ts'
import { externalPskHash } from '../psk/pre-shared-key.ts'

/** What a server made of a ClientHello. */
export interface Choice {
  readonly suite: CipherSuite13
  readonly group: NamedGroup
  /** The client's key for the group, null where it has sent none and must be asked for it. */
  readonly share: Uint8Array | null
  readonly negotiated: Negotiated
}

/** Chooses from a client's offer. Throws `PeerMisbehaved` where the two of us share too little, and `DecodeError`. */
export function choose(config: ResolvedConfig, hello: ClientHello): Choice {
  // RFC 9147 §5.3: cookies have another place now, and RFC 8446 §4.1.2: there is no compression any more.
  if (hello.cookie.length > 0) throw new PeerMisbehaved('illegal-parameter', 'legacy_cookie is not empty')
  if (hello.compressionMethods.length !== 1 || hello.compressionMethods[0] !== 0)
    throw new PeerMisbehaved('illegal-parameter', 'compression is offered')
  const suite = chooseSuite(config, hello)
  if (suite === undefined) throw new PeerMisbehaved('no-common-parameters', 'no cipher suite in common')
  return {
    suite,
    ...chooseGroup(config, hello),
    negotiated: {
      version: ProtocolVersion.dtls13,
      // Settled where certificates are shown, which shared keys may make needless.
      certificateTypes: certificatesOnly,
      suite,
      srtpProfile: chooseSrtpProfile(config.srtpProfiles, hello.extensions),
      alpnProtocol: chooseProtocol(config.alpn, hello.extensions),
      serverName: hello.extensions.get(ServerName) ?? null,
    },
  }
}

/** Our first that the client lists; where a shared key may be of use, our first that such a key is for. */
function chooseSuite(config: ResolvedConfig, hello: ClientHello): CipherSuite13 | undefined {
  const common = config.cipherSuites13.filter(({ id }) => hello.cipherSuites.includes(id))
  const mayUseKey = config.serverPsk !== null && hello.extensions.has(PreSharedKeys)
  return (mayUseKey ? common.find(({ hash }) => hash === externalPskHash) : undefined) ?? common[0]
}

/** What we prove our identity with, where no shared key does, and how both ends show theirs. */
export interface Proof {
  readonly credential: Credential
  readonly types: CertificateTypes
}

/** Throws as {@link choose}. */
export function chooseProof(config: ResolvedConfig, { extensions }: ClientHello): Proof {
  const schemes = extensions.get(SignatureAlgorithms)
  if (config.certificates.length === 0)
    throw new PeerMisbehaved('unknown-psk-identity', 'no shared key in common, and no certificate')
  if (schemes === undefined)
    throw new PeerMisbehaved('missing-extension', 'no signature_algorithms (RFC 8446 §9.2)')
  const certificates = certificatesSuiting(config.certificates, extensions)
  const types = chooseCertificateTypes(config, extensions)
  const wish = { version: ProtocolVersion.dtls13, type: types.server, signatureSchemes: schemes }
  const credential = chooseCredential(config, certificates, wish)
  if (credential === null)
    throw new PeerMisbehaved('no-common-parameters', 'no certificate or signature scheme in common')
  return { credential, types }
}

/** The best group that the client has sent a share of; where there is none, the best of those it would send one of. */
function chooseGroup(
  config: ResolvedConfig,
  hello: ClientHello,
): { readonly group: NamedGroup; readonly share: Uint8Array | null } {
  const offered = hello.extensions.get(SupportedGroups)
  const shares = hello.extensions.get(ClientKeyShares)
  if (offered === undefined || shares === undefined)
    throw new PeerMisbehaved('missing-extension', 'no supported_groups or key_share (RFC 8446 §9.2)')
  checkShares(offered, shares)
  const common = config.groups.filter(({ id }) => offered.includes(id))
  for (const group of common) {
    const share = shares.find((candidate) => candidate.group === group.id)
    if (share !== undefined) return { group, share: share.keyExchange }
  }
  const [group] = common
  if (group === undefined) throw new PeerMisbehaved('no-common-parameters', 'no group in common')
  return { group, share: null }
}

/** RFC 8446 §4.2.8: one share a group at most, of groups that are offered. */
function checkShares(offered: readonly number[], shares: readonly { readonly group: number }[]): void {
  const seen = new Set<number>()
  for (const { group } of shares) {
    if (seen.has(group)) throw new PeerMisbehaved('illegal-parameter', `two shares of group ${group}`)
    if (!offered.includes(group))
      throw new PeerMisbehaved('illegal-parameter', `a share of group ${group}, which is not offered`)
    seen.add(group)
  }
}
