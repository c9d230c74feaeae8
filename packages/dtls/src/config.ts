import { toUtf8 } from '@purertc/bytes'
import type { CryptoProvider, KeyExchangeGroup } from '@purertc/crypto'

import type { Certificate } from './certificate/certificate.ts'
import { decisiveFingerprints } from './certificate/fingerprint.ts'
import {
  type ConnectionIdPolicy,
  connectionIdPolicy,
  type ConnectionIdSource,
  type ReturnRoutabilityCheck,
} from './connection-id/connection-id-policy.ts'
import type { HelloGate } from './cookie/hello-gate.ts'
import {
  type CipherSuite13,
  type CipherSuite13Name,
  cipherSuites as cipherSuites13,
} from './dtls13/cipher-suite.ts'
import { DtlsError } from './errors.ts'
import { minRecordSizeLimit } from './extensions/record-size-limit.ts'
import type { KeyLog } from './keys/key-log.ts'
import type { PeerVerification } from './proofs/peer-verified.ts'
import {
  type CipherSuite,
  type CipherSuite12,
  type CipherSuite12Name,
  cipherSuites,
  defaultCipherSuites,
} from './protocol/cipher-suite.ts'
import type { CertificateType } from './protocol/certificate-type.ts'
import { curvesOf, type NamedGroup, namedGroups } from './protocol/named-group.ts'
import { ProtocolVersion } from './protocol/protocol-version.ts'
import type { ResumableSession } from './resumption/resumable-session.ts'
import type { SessionVault } from './resumption/session-vault.ts'
import type { ClientPsk, ServerPsk } from './protocol/psk.ts'
import {
  fitsKey,
  type NamedSignatureScheme,
  type SignatureSchemeName,
  signatureSchemes,
} from './protocol/signature-scheme.ts'

export interface DtlsConfig {
  readonly role: 'client' | 'server'
  readonly crypto: CryptoProvider
  /**
   * Our own identity, or several: a server takes the first that suits the client, by the name that the client asks
   * for, the kind of key, and its signature schemes. None where a shared key is all there is, or at a client that
   * stays anonymous.
   */
  readonly certificate?: Certificate | readonly Certificate[]
  /** How the peer is recognised. There is no association without. */
  readonly verify: PeerVerification
  /**
   * How we show our own key, best first: by the certificate, or as the bare key that is in it (RFC 7250). `x509` alone by
   * default.
   */
  readonly ownCertificateTypes?: readonly CertificateType[]
  /** How the peer may show its key, best first: bare keys before certificates where `verify` knows keys, else `x509` alone. */
  readonly peerCertificateTypes?: readonly CertificateType[]
  /**
   * Server only: whether a client is asked for a certificate, and refused without. `required` by default, `none` where
   * `verify` is `{ anonymous: true }` or `{ psk: true }`.
   */
  readonly clientCertificate?: 'required' | 'optional' | 'none'
  /**
   * Shared keys (RFC 4279; RFC 8446 §2.2, for suites with SHA-256), which are offered and accepted besides certificates
   * unless `verify` is `{ psk: true }`. DTLS 1.3 knows no hints: a client's choice is asked without.
   */
  readonly psk?: ClientPsk | ServerPsk
  /** Client only: the name of the server, which it may choose its certificate by (RFC 6066 §3). No address. */
  readonly serverName?: string
  /** Client only: a session to take up again, see `DtlsHost.resumable`. Where it is not good any more, another begins. */
  readonly session?: ResumableSession
  /**
   * Client only: whether a ticket of DTLS 1.3 may be used again. Not by default: whoever listens could tell by it that
   * the client is the same (RFC 8446 §C.4). A ticket that was used before makes a full handshake.
   */
  readonly reuseSession?: boolean
  /** Server only: what resumes sessions; without it every handshake is a full one. */
  readonly sessions?: SessionVault
  /** Application protocols, best first (RFC 7301); none by default. */
  readonly alpn?: readonly string[]
  /**
   * Suites that are offered and accepted, best first, of both versions. Of a version of which none is named, all are: see
   * `versions`.
   */
  readonly cipherSuites?: readonly (CipherSuite12Name | CipherSuite13Name)[]
  /** Signature schemes that are offered, accepted and signed with, best first. */
  readonly signatureSchemes?: readonly SignatureSchemeName[]
  /**
   * Server only. `required` (the default) answers a ClientHello with a cookie, and keeps no state until the client
   * has shown that it receives at its address (RFC 6347 §4.2.1). `verified-path` is for hosts that know so already,
   * as ICE does.
   */
  readonly cookie?: 'required' | 'verified-path'
  /** The client's address in any form, which the cookie is bound to. Needed where `cookie` is `required`. */
  readonly clientAddress?: string
  /** Server only: the gate that has let this client in, which knows its own cookies. With `clientAddress`. */
  readonly gate?: HelloGate
  /** The versions that may be agreed on: 1.3, and 1.2 with those who have no other, by default. */
  readonly versions?: VersionRange
  /**
   * Groups for ephemeral keys, best first: X25519MLKEM768 (1.3 alone), X25519, P-256 and P-384 by default. A client
   * sends a share of the first, and of the first curve besides where that is a hybrid.
   */
  readonly groups?: readonly KeyExchangeGroup[]
  /** Bytes of the largest datagram of the handshake, 1200 by default, at least 160. */
  readonly mtu?: number
  /** Milliseconds until a flight is sent again for the first time, 1000 by default. */
  readonly retransmitTimeout?: number
  /** Milliseconds that the handshake may take, 60,000 by default. */
  readonly handshakeTimeout?: number
  /**
   * Bytes of the largest handshake message that is taken, 32,768 by default. A WebRTC certificate has about 400, a
   * chain of an enterprise some thousands. Twice as much may be held for an unfinished handshake.
   */
  readonly maxHandshakeMessage?: number
  /** Is told the secrets, for tools that read recorded traffic; nobody is by default. */
  readonly keyLog?: KeyLog | undefined
  /** SRTP protection profiles, best first (RFC 5764); none by default. */
  readonly srtpProfiles?: readonly number[]
  /**
   * Bytes that we take in one record, 64 to 16,385, of which DTLS 1.3 needs one for itself; a peer that knows of it
   * (RFC 8449) sends no more. 16,384 bytes of data by default, as anybody takes.
   */
  readonly recordSizeLimit?: number
  /**
   * The connection IDs that the peer is to put into its records, so that the association survives a change of addresses
   * (RFC 9146, RFC 9147 §9): random ones of so many bytes, or those of a function, all of one length. 0: the peer's are
   * used, and none wanted. None in either direction by default.
   */
  readonly connectionId?: ConnectionIdSource
  /** What moves the peer to another address, `enhanced` by default. Needs `connectionId`. */
  readonly returnRoutability?: ReturnRoutabilityCheck
}

/** The lowest and the highest version; `ProtocolVersion.dtls12` and `dtls13` are all there is. */
export interface VersionRange {
  readonly min: ProtocolVersion
  readonly max: ProtocolVersion
}

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
    clientCertificate: 'anonymous' in config.verify || 'psk' in config.verify ? 'none' : 'required',
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
  checkVersions(resolved)
  checkIdentities(resolved)
  checkNumbers(resolved)
  return resolved
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

function checkVersions({ versions: { min, max }, groups }: ResolvedConfig): void {
  // The numbers count down.
  if (min < max || min > ProtocolVersion.dtls12 || max < ProtocolVersion.dtls13)
    invalid('versions must be a range within DTLS 1.2 and 1.3')
  if (max === ProtocolVersion.dtls12 && curvesOf(groups).length === 0) invalid('no group for DTLS 1.2')
}

function checkIdentities(config: ResolvedConfig): void {
  const { role, verify, certificates, clientCertificate, serverPsk } = config
  // Without a fingerprint that counts, nobody could connect; an empty list must not look like "anybody".
  if ('fingerprints' in verify && decisiveFingerprints(verify.fingerprints).length === 0)
    invalid('no fingerprint of SHA-256, SHA-384 or SHA-512 to verify the peer with')
  if ('authorities' in verify && verify.authorities.isEmpty) invalid('no authority to verify the peer with')
  if (config.ownCertificateTypes.length === 0 || config.peerCertificateTypes.length === 0)
    invalid('no certificate type')
  if (config.peerCertificateTypes.includes('raw-public-key') && !('publicKeys' in verify))
    invalid('bare keys are verified by `publicKeys`')
  if ('publicKeys' in verify && verify.publicKeys.length === 0) invalid('no key to verify the peer with')
  if ('anonymous' in verify && (role === 'client' || clientCertificate !== 'none'))
    invalid('anonymous peers are for servers that ask for no certificate')
  if ('psk' in verify && clientCertificate !== 'none')
    invalid('certificates cannot be verified by a shared key')
  if (role === 'server' && certificates.length === 0 && serverPsk === null)
    invalid('a server needs a certificate or shared keys')
}

function checkNumbers(config: ResolvedConfig): void {
  if (config.role === 'server' && config.cookie === 'required' && config.clientAddress === '')
    invalid('a server that requires a cookie needs clientAddress')
  if (!(config.mtu >= minMtu && config.mtu <= maxMtu)) invalid(`mtu must be ${minMtu} to ${maxMtu}`)
  if (!(config.maxHandshakeMessage >= 1_024)) invalid('maxHandshakeMessage must be at least 1024')
  const { recordSizeLimit: limit } = config
  if (!Number.isInteger(limit) || limit < minRecordSizeLimit || limit > maxRecordSizeLimit)
    invalid(`recordSizeLimit must be ${minRecordSizeLimit} to ${maxRecordSizeLimit}`)
  if (!(config.retransmitTimeout > 0)) invalid('retransmitTimeout must be positive')
  if (!(config.handshakeTimeout > 0)) invalid('handshakeTimeout must be positive')
  for (const name of config.alpn)
    if (name === '' || toUtf8(name).length > 255)
      invalid('names of application protocols have 1 to 255 bytes')
}

/** Whether the version is among those that may be agreed on. */
export const permits = ({ versions }: ResolvedConfig, version: ProtocolVersion): boolean =>
  version <= versions.min && version >= versions.max

function invalid(message: string): never {
  throw new DtlsError('invalid-config', message)
}

/** What a ClientHello must bring in one fragment for a stateless answer: all up to its extensions, with its headers. */
export const minMtu = 160
/** All that a record of DTLS 1.3 can have, with the content's type. */
const maxRecordSizeLimit = 16_385
/** Bytes of UDP payload over IPv4. */
export const maxMtu = 65_507
