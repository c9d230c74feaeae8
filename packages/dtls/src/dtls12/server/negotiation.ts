import type { KeyKind } from '@purertc/crypto'

import { PeerMisbehaved } from '../../errors.ts'
import { EcPointFormats, uncompressedPoint } from '../../extensions/ec-point-formats.ts'
import { ExtendedMasterSecret } from '../../extensions/extended-master-secret.ts'
import { RenegotiationInfo } from '../../extensions/renegotiation-info.ts'
import { ServerName } from '../../extensions/server-name.ts'
import { SignatureAlgorithms } from '../../extensions/signature-algorithms.ts'
import { SupportedGroups } from '../../extensions/supported-groups.ts'
import {
  type CertificateTypes,
  certificatesOnly,
  chooseCertificateTypes,
} from '../../certificate/certificate-types.ts'
import { certificatesSuiting } from '../../certificate/certificates-for.ts'
import type { ResolvedConfig } from '../../resolved-config.ts'
import type { ClientHello } from '../../messages/client-hello.ts'
import { chooseSrtpProfile } from '../../protocol/srtp-profile.ts'
import { chooseProtocol } from '../../protocol/alpn.ts'
import { type CipherSuite12, emptyRenegotiationInfoScsv } from '../../protocol/cipher-suite.ts'
import { curvesOf, type NamedGroup } from '../../protocol/named-group.ts'
import { ProtocolVersion } from '../../protocol/protocol-version.ts'
import { chooseCredential, type Credential } from '../../certificate/credential.ts'
import type { Negotiated12 } from '../negotiated.ts'
import { chooseMemory } from './client-memory.ts'
import type { RecalledSession } from './recall-session.ts'

/** What a server made of a ClientHello. */
export interface Choice {
  readonly negotiated: Negotiated12
  /** Null where the suite has no ephemeral keys. */
  readonly group: NamedGroup | null
  /** Null where a shared key authenticates us. */
  readonly credential: Credential | null
  /** Whether the client knows RFC 5746, by the extension or by its stand-in among the suites. */
  readonly knowsRenegotiationInfo: boolean
}

/** Chooses from a client's offer. Throws `PeerMisbehaved` where the two of us share too little, and `DecodeError`. */
export function negotiate(config: ResolvedConfig, hello: ClientHello): Choice {
  checkHello(hello)
  return compose(config, hello, chooseSuite(config, hello), null)
}

/** The same where a session is resumed, which has settled the suite: the rest is chosen anew (RFC 7301 §3.2, RFC 5764). */
export function renegotiate(config: ResolvedConfig, hello: ClientHello, recalled: RecalledSession): Choice {
  checkHello(hello)
  const { suite } = recalled.remembered
  const choice = { suite, group: null, credential: null, types: certificatesOnly }
  return compose(config, hello, choice, hello.sessionId)
}

function checkHello(hello: ClientHello): void {
  if (!hello.compressionMethods.includes(0))
    throw new PeerMisbehaved('illegal-parameter', 'the null compression is mandatory (RFC 5246 §7.4.1.2)')
  if (hello.extensions.get(EcPointFormats)?.includes(uncompressedPoint) === false)
    throw new PeerMisbehaved('illegal-parameter', 'uncompressed points are mandatory (RFC 8422 §5.1.2)')
  if (hello.extensions.get(ExtendedMasterSecret) !== true)
    throw new PeerMisbehaved('no-extended-master-secret', 'the client lacks the extended master secret')
}

/** `resumedId` is what ServerHello repeats to say that it resumes the session; null where it does not. */
function compose(
  config: ResolvedConfig,
  hello: ClientHello,
  { suite, group, credential, types }: SuiteChoice,
  resumedId: Uint8Array | null,
): Choice {
  const memory = chooseMemory(config, suite, hello)
  return {
    negotiated: {
      version: ProtocolVersion.dtls12,
      certificateTypes: types,
      suite,
      srtpProfile: chooseSrtpProfile(config.srtpProfiles, hello.extensions),
      alpnProtocol: chooseProtocol(config.alpn, hello.extensions),
      serverName: hello.extensions.get(ServerName) ?? null,
      memory: resumedId === null ? memory : { ...memory, sessionId: resumedId },
    },
    group,
    credential,
    knowsRenegotiationInfo: knowsRenegotiationInfo(hello),
  }
}

interface SuiteChoice {
  readonly suite: CipherSuite12
  readonly group: NamedGroup | null
  readonly credential: Credential | null
  readonly types: CertificateTypes
}

/** Our first suite that the client lists and has all for that the suite needs. */
function chooseSuite(config: ResolvedConfig, hello: ClientHello): SuiteChoice {
  // Without the extension a client takes any group (RFC 8422 §5.1): the one that has been there from the start.
  const groups = hello.extensions.get(SupportedGroups) ?? [secp256r1]
  const group = curvesOf(config.groups).find(({ id }) => groups.includes(id)) ?? null
  // Without this one it takes SHA-1 only (RFC 5246 §7.4.1.4.1), which we do not.
  const schemes = hello.extensions.get(SignatureAlgorithms) ?? []
  const certificates = certificatesSuiting(config.certificates, hello.extensions)

  const shared = config.cipherSuites.filter(({ id }) => hello.cipherSuites.includes(id))
  if (shared.length === 0) throw new PeerMisbehaved('no-common-parameters', 'no cipher suite in common')
  let types: CertificateTypes | null = null
  for (const suite of shared) {
    const { keyExchange } = suite
    if (keyExchange === 'psk') return { suite, group: null, credential: null, types: certificatesOnly }
    if (group === null) continue
    if (keyExchange === 'ecdhe_psk') return { suite, group, credential: null, types: certificatesOnly }
    const fitting = certificates.filter(
      ({ privateKey: { kind } }) =>
        (kind === 'rsa') === (keyExchange === 'ecdhe_rsa') && takesCurve(hello, kind),
    )
    if (fitting.length === 0) continue
    types ??= chooseCertificateTypes(config, hello.extensions)
    const wish = { version: ProtocolVersion.dtls12, type: types.server, signatureSchemes: schemes }
    const credential = chooseCredential(config, fitting, wish)
    if (credential !== null) return { suite, group, credential, types }
  }
  throw new PeerMisbehaved('no-common-parameters', 'no group, certificate or signature scheme in common')
}

/** RFC 8422 §5.1.1: the groups of a client that lists some are also those that it takes certificates of. */
function takesCurve({ extensions }: ClientHello, kind: KeyKind): boolean {
  const curve = curveOf[kind]
  return curve === null || extensions.get(SupportedGroups)?.includes(curve) !== false
}

/** RFC 5746 §3.6: this is a first handshake, so there is nothing to be renegotiated. */
function knowsRenegotiationInfo(hello: ClientHello): boolean {
  const info = hello.extensions.get(RenegotiationInfo)
  if (info !== undefined && info.length > 0)
    throw new PeerMisbehaved('bad-renegotiation-info', 'renegotiation_info of another handshake')
  return info !== undefined || hello.cipherSuites.includes(emptyRenegotiationInfoScsv)
}

const secp256r1 = 0x0017
const secp384r1 = 0x0018

/** RFC 8422 §5.1.1 has none for Ed25519. */
const curveOf: Readonly<Record<KeyKind, number | null>> = {
  'ec-p256': secp256r1,
  'ec-p384': secp384r1,
  ed25519: null,
  rsa: null,
}
