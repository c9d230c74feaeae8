import type { Certificate } from './certificate/certificate.ts'
import { checkConfig, invalid, maxRecordSizeLimit } from './check-config.ts'
import type { DtlsConfig } from './config.ts'
import { type ConnectionIdPolicy, connectionIdPolicy } from './connection-id/connection-id-policy.ts'
import type { HelloGate } from './cookie/hello-gate.ts'
import { type CipherSuite13, cipherSuites as cipherSuites13 } from './dtls13/cipher-suite.ts'
import {
  type CipherSuite,
  type CipherSuite12,
  cipherSuites,
  defaultCipherSuites,
} from './protocol/cipher-suite.ts'
import { type NamedGroup, namedGroups } from './protocol/named-group.ts'
import { ProtocolVersion } from './protocol/protocol-version.ts'
import type { ClientPsk, ServerPsk } from './protocol/psk.ts'
import { fitsKey, type NamedSignatureScheme, signatureSchemes } from './protocol/signature-scheme.ts'
import type { ResumableSession } from './resumption/resumable-session.ts'
import type { SessionVault } from './resumption/session-vault.ts'

/** A configuration with nothing left out, and with the registry's rows instead of names. */
export interface ResolvedConfig extends Required<
  Omit<
    DtlsConfig,
    | 'certificate'
    | 'psk'
    | 'serverName'
    | 'cipherSuites'
    | 'signatureSchemes'
    | 'groups'
    | 'gate'
    | 'session'
    | 'sessions'
    | 'connectionId'
    | 'returnRoutability'
  >
> {
  readonly certificates: readonly Certificate[]
  readonly clientPsk: ClientPsk | null
  readonly serverPsk: ServerPsk | null
  readonly serverName: string | null
  readonly session: ResumableSession | null
  readonly sessions: SessionVault | null
  /** Client only: whether the host would like to resume. */
  readonly asksForSession: boolean
  readonly cipherSuites: readonly CipherSuite12[]
  readonly cipherSuites13: readonly CipherSuite13[]
  readonly signatureSchemes: readonly NamedSignatureScheme[]
  readonly groups: readonly NamedGroup[]
  readonly gate: HelloGate | null
  /** Null where there are to be none. */
  readonly connectionIds: ConnectionIdPolicy | null
}

/** Throws {@link DtlsError} `invalid-config`. */
export function resolveConfig(config: DtlsConfig, asksForSession = false): ResolvedConfig {
  const { certificate = [], psk, serverName = null, session = null, sessions = null, ...others } = config
  const { connectionId, returnRoutability, ...rest } = others
  const signatureSchemes = resolveSignatureSchemes(config)
  const resolved: ResolvedConfig = {
    cookie: 'required',
    clientAddress: '',
    mtu: 1_200,
    retransmitTimeout: 1_000,
    handshakeTimeout: 60_000,
    maxHandshakeMessage: 32_768,
    srtpProfiles: [],
    ownCertificateTypes: ['x509'],
    peerCertificateTypes: 'publicKeys' in config.verify ? ['raw-public-key', 'x509'] : ['x509'],
    recordSizeLimit: maxRecordSizeLimit,
    alpn: [],
    keyLog: undefined,
    versions: { min: ProtocolVersion.dtls12, max: ProtocolVersion.dtls13 },
    reuseSession: false,
    gate: null,
    clientCertificate: clientCertificateOf(config),
    ...rest,
    certificates: 'der' in certificate ? [certificate] : certificate,
    clientPsk: config.role === 'client' ? ((psk as ClientPsk | undefined) ?? null) : null,
    serverPsk: config.role === 'server' ? ((psk as ServerPsk | undefined) ?? null) : null,
    serverName,
    session,
    sessions,
    asksForSession,
    signatureSchemes,
    connectionIds: connectionIdPolicy(config.crypto, connectionId, returnRoutability),
    groups: config.groups === undefined ? namedGroups : pick(namedGroups, config.groups, 'group'),
    cipherSuites: resolveCipherSuites(config, signatureSchemes),
    cipherSuites13: chooseSuites(config, cipherSuites13, cipherSuites13),
  }
  checkConfig(resolved)
  return resolved
}

/** Whether the version is among those that may be agreed on. */
export const permits = ({ versions }: ResolvedConfig, version: ProtocolVersion): boolean =>
  version <= versions.min && version >= versions.max

function clientCertificateOf({ role, verify }: DtlsConfig): 'required' | 'optional' | 'none' {
  if ('anonymous' in verify || 'psk' in verify) return 'none'
  return role === 'server' ? 'required' : 'optional'
}

function resolveSignatureSchemes({
  crypto,
  signatureSchemes: names,
}: DtlsConfig): readonly NamedSignatureScheme[] {
  const supported = signatureSchemes.filter(({ name }) => crypto.keyKinds.some((kind) => fitsKey(name, kind)))
  return names === undefined ? supported : pick(supported, names, 'signature scheme')
}

/** Those that keys and configuration allow: a suite that could never be used is not offered. */
function resolveCipherSuites(
  config: DtlsConfig,
  schemes: readonly NamedSignatureScheme[],
): readonly CipherSuite12[] {
  const chosen = chooseSuites(config, cipherSuites, defaultCipherSuites)
  const hasRsa = schemes.some(({ dtls12 }) => fitsKey(dtls12, 'rsa'))
  const hasCurves = schemes.some(({ dtls12 }) => !fitsKey(dtls12, 'rsa'))
  const isPskOnly = 'psk' in config.verify
  const usable = chosen.filter(({ keyExchange }) => {
    if (keyExchange === 'psk' || keyExchange === 'ecdhe_psk') return config.psk !== undefined
    return !isPskOnly && (keyExchange === 'ecdhe_rsa' ? hasRsa : hasCurves)
  })
  if (usable.length === 0) invalid('no cipher suite is left')
  return usable
}

/** Those of one version that are named; `otherwise` where none of it is. */
function chooseSuites<T extends CipherSuite>(
  { cipherSuites: names }: DtlsConfig,
  all: readonly T[],
  otherwise: readonly T[],
): readonly T[] {
  if (names === undefined) return otherwise
  const known = pick<CipherSuite>([...cipherSuites, ...cipherSuites13], names, 'cipher suite')
  const chosen = known.filter((suite): suite is T => (all as readonly CipherSuite[]).includes(suite))
  return chosen.length > 0 ? chosen : otherwise
}

function pick<T extends { readonly name: string }>(
  rows: readonly T[],
  names: readonly string[],
  what: string,
): readonly T[] {
  if (names.length === 0) invalid(`no ${what}`)
  return names.map((name) => rows.find((row) => row.name === name) ?? invalid(`no ${what} ${name}`))
}
