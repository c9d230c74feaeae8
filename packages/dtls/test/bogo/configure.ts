import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { readFileSync } from 'node:fs'

import { toHex } from '@purertc/bytes'
import { nodeCrypto } from '@purertc/crypto/node'

import {
  type Certificate,
  createCertificate,
  encodeSelfSigned,
  type DtlsConfig,
  PeerMisbehaved,
  ProtocolVersion,
  type PeerVerification,
  SrtpProfile,
} from '../../src/index.ts'
import { namedGroups } from '../../src/protocol/named-group.ts'
import {
  type SignatureSchemeName,
  signatureSchemes as knownSchemes,
} from '../../src/protocol/signature-scheme.ts'
import { never } from './exchange.ts'
import { type Credential, type Options, Unimplemented } from './flags.ts'
import type { Sessions } from './sessions.ts'

/** The configuration that the runner's flags describe. Throws {@link Unimplemented}. */
export function configure(options: Options, sessions: Sessions): DtlsConfig {
  const isServer = options.has('server')
  // What is not set apart comes last.
  const certificates = [...options.credentials, options.default]
    .filter(({ keyFile }) => keyFile !== '')
    .map(readIdentity)
  const mtu = options.number('mtu')
  return {
    role: isServer ? 'server' : 'client',
    crypto: nodeCrypto,
    certificate: certificates,
    ...(isServer
      ? clientVerification(options, certificates, sessions)
      : {
          verify: verification(options, certificates, sessions),
          // BoringSSL's client ends a handshake in which it could show none of its own.
          ...(certificates.length > 0 && { clientCertificate: 'required' as const }),
        }),
    ...psk(options, isServer),
    ...(isServer && { sessions: sessions.vault }),
    // The runner resumes a session more than once where it gives no other.
    ...(!isServer && sessions.latest !== null && { session: sessions.latest, reuseSession: true }),
    ...(!isServer && options.text('host-name') !== '' && { serverName: options.text('host-name') }),
    alpn: isServer ? serverProtocols(options) : parseProtocols(options.text('advertise-alpn')),
    ...signatureSchemes(options),
    versions: versions(options),
    ...groups(options),
    cookie: 'verified-path',
    retransmitTimeout: options.number('initial-timeout-duration-ms') || boringsslTimeout,
    handshakeTimeout: 2 * never,
    maxHandshakeMessage: options.number('max-cert-list') || 100 * 1024,
    srtpProfiles: parseSrtpProfiles(options.text('srtp-profiles')),
    ...(mtu > 0 && { mtu }),
  }
}

function verification(
  options: Options,
  certificates: readonly Certificate[],
  { judged }: Sessions,
): PeerVerification {
  if (options.text('psk') !== '' && certificates.length === 0) return { psk: true }
  // Ours asks the host again where a session is resumed. A host that has judged once and for all remembers whom.
  const isFailing = options.has('verify-fail') && options.has('verify-peer')
  const forgets = options.has('reverify-on-resume')
  return {
    certificate: (der) => {
      const name = toHex(der)
      if (isFailing && (forgets || !judged.has(name))) {
        // What the runner expects: BoringSSL's own verification has no better word for a failure that is made up.
        const fault = options.has('use-custom-verify-callback') ? 'wrong-host' : 'no-common-parameters'
        throw new PeerMisbehaved(fault, 'the runner wants the verification to fail')
      }
      judged.add(name)
      return true
    },
  }
}

/** A server asks for a certificate only where it is to verify one. */
function clientVerification(
  options: Options,
  certificates: readonly Certificate[],
  sessions: Sessions,
): Pick<DtlsConfig, 'verify' | 'clientCertificate'> {
  if (options.text('psk') !== '' && certificates.length === 0) return { verify: { psk: true } }
  const verify = verification(options, certificates, sessions)
  if (options.has('require-any-client-certificate')) return { verify, clientCertificate: 'required' }
  if (options.has('verify-peer')) return { verify, clientCertificate: 'optional' }
  return { verify: { anonymous: true } }
}

function psk(options: Options, isServer: boolean): Pick<DtlsConfig, 'psk'> {
  if (options.text('psk') === '') return {}
  const key = Buffer.from(options.text('psk'))
  const identity = options.text('psk-identity')
  if (!isServer) return { psk: { identity, key } }
  return { psk: { ...(identity !== '' && { hint: identity }), key: () => key } }
}

/** BoringSSL knows a range and switches; what is left is a range again. Later versions have smaller numbers. */
function versions(options: Options): { min: ProtocolVersion; max: ProtocolVersion } {
  const { dtls12, dtls13 } = ProtocolVersion
  const oldest = options.number('min-version') || dtls12
  const latest = options.number('max-version') || dtls13
  const left = [
    ...(options.has('no-tls12') ? [] : [dtls12]),
    ...(options.has('no-tls13') ? [] : [dtls13]),
  ].filter((version) => version <= oldest && version >= latest)
  const [min, max = min] = left
  if (min === undefined || max === undefined) throw new Error(':no-version: no version is left')
  return { min, max }
}

function groups(options: Options): Pick<DtlsConfig, 'groups'> {
  const ids = options.list('curves')
  if (ids.length === 0) return {}
  return {
    groups: ids.map((id) => {
      const group = namedGroups.find((known) => known.id === id)
      if (group === undefined) throw new Unimplemented(`group ${id}`)
      return group.name
    }),
  }
}

function serverProtocols(options: Options): string[] {
  if (options.has('select-empty-alpn')) throw new Unimplemented('a protocol without a name')
  if (options.has('reject-alpn')) return ['a protocol that no client knows']
  return options.text('select-alpn') === '' ? [] : [options.text('select-alpn')]
}

/** Names behind a byte of length each, as in RFC 7301. */
function parseProtocols(wire: string): string[] {
  const names: string[] = []
  for (let at = 0; at < wire.length;) {
    const length = wire.charCodeAt(at)
    names.push(wire.slice(at + 1, at + 1 + length))
    at += 1 + length
  }
  return names
}

function signatureSchemes(options: Options): Pick<DtlsConfig, 'signatureSchemes'> {
  const ids = [...options.list('verify-prefs'), ...options.default.signingPreferences]
  return ids.length === 0 ? {} : { signatureSchemes: ids.map(schemeName) }
}

/** A file of the runner's holds the certificate and those behind it, another the key. */
function readIdentity(credential: Credential): Certificate {
  const { certFile, keyFile, kind, mustMatchIssuer, signingPreferences } = credential
  const key = createPrivateKey(readFileSync(keyFile, 'utf8'))
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  const [der, ...chain] = kind === 'rpk' ? [wrap(key)] : readPem(certFile)
  if (der === undefined) throw new Error(`no certificate in ${certFile}`)
  return createCertificate({
    crypto: nodeCrypto,
    der,
    pkcs8,
    chain,
    issuerRequired: mustMatchIssuer,
    types: [kind === 'rpk' ? 'raw-public-key' : 'x509'],
    ...(signingPreferences.length > 0 && { signatureSchemes: signingPreferences.map(schemeName) }),
  })
}

/** A certificate for a bare key, which nobody is shown: what signs it does not matter. */
function wrap(key: KeyObject): Uint8Array {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return encodeSelfSigned({
    crypto: nodeCrypto,
    privateKey: nodeCrypto.importPrivateKey(privateKey.export({ type: 'pkcs8', format: 'der' })),
    subjectPublicKeyInfo: createPublicKey(key).export({ type: 'spki', format: 'der' }),
    commonName: 'a bare key',
    notBefore: 0,
    notAfter: 1e12,
  })
}

function schemeName(id: number): SignatureSchemeName {
  const scheme = knownSchemes.find((known) => known.id === id)
  if (scheme === undefined) throw new Unimplemented(`signature scheme ${id}`)
  return scheme.name
}

function readPem(file: string): Uint8Array[] {
  const blocks = readFileSync(file, 'utf8').matchAll(/-----BEGIN CERTIFICATE-----([^-]*)-----END/g)
  return [...blocks].map(([, base64 = '']) => new Uint8Array(Buffer.from(base64, 'base64')))
}

function parseSrtpProfiles(names: string): number[] {
  if (names === '') return []
  return names.split(':').map((name) => {
    const profile = srtpProfiles[name]
    if (profile === undefined) throw new Unimplemented(`SRTP profile ${name}`)
    return profile
  })
}

const srtpProfiles: Readonly<Record<string, number>> = {
  SRTP_AES128_CM_SHA1_80: SrtpProfile.aes128CmHmacSha1_80,
  SRTP_AES128_CM_SHA1_32: SrtpProfile.aes128CmHmacSha1_32,
  SRTP_AEAD_AES_128_GCM: SrtpProfile.aeadAes128Gcm,
  SRTP_AEAD_AES_256_GCM: SrtpProfile.aeadAes256Gcm,
}

/** Milliseconds. The runner counts on it where it does not name another. */
const boringsslTimeout = 400
