import { CryptoError } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'
import type { DigitallySigned } from '../messages/digitally-signed.ts'
import type { CertificateType } from '../protocol/certificate-type.ts'
import type { ProtocolVersion } from '../protocol/protocol-version.ts'
import { chooseSignatureScheme, meaningIn, type NamedSignatureScheme } from '../protocol/signature-scheme.ts'
import type { ResolvedConfig } from '../resolved-config.ts'
import type { Certificate } from './certificate.ts'

/** What we prove our identity with. */
export interface Credential {
  readonly version: ProtocolVersion
  readonly certificate: Certificate
  readonly scheme: NamedSignatureScheme
}

/** What the hellos and requests say of how an end may prove its identity. */
export interface CredentialWish {
  readonly version: ProtocolVersion
  readonly type: CertificateType
  readonly signatureSchemes: readonly number[]
}

/** The first of these certificates that can be shown, and signed for, in a way that the peer knows. */
export function chooseCredential(
  config: ResolvedConfig,
  certificates: readonly Certificate[],
  { version, type, signatureSchemes: offered }: CredentialWish,
): Credential | null {
  for (const certificate of certificates) {
    if (!typesOf(config, certificate).includes(type)) continue
    const { privateKey, signatureSchemes: names } = certificate
    const ours = config.signatureSchemes.filter(({ name }) => names?.includes(name) !== false)
    const scheme = chooseSignatureScheme(version, privateKey.kind, ours, offered)
    if (scheme !== undefined) return { version, certificate, scheme }
  }
  return null
}

/**
 * A client's, of a server that asks for one. Where none suits the server, null: it is told so and decides (RFC 5246
 * §7.4.6, RFC 8446 §4.4.2), unless this client is not to stay anonymous. Throws `PeerMisbehaved` then.
 */
export function chooseClientCredential(
  config: ResolvedConfig,
  certificates: readonly Certificate[],
  wish: CredentialWish,
): Credential | null {
  const credential = chooseCredential(config, certificates, wish)
  if (credential === null && config.clientCertificate === 'required')
    throw new PeerMisbehaved('no-common-parameters', 'none of our certificates suits the server')
  return credential
}

/** How a certificate of ours may be shown. */
const typesOf = (config: ResolvedConfig, { types }: Certificate): readonly CertificateType[] =>
  types ?? config.ownCertificateTypes

/** How one or another of our certificates may be shown, best first. */
export function ownTypes(config: ResolvedConfig): readonly CertificateType[] {
  const types = config.certificates.flatMap((certificate) => typesOf(config, certificate))
  return [...new Set(types)]
}

/** Signs with the meaning that the scheme has in the version. */
export function sign({ version, certificate, scheme }: Credential, data: Uint8Array): DigitallySigned {
  const meaning = meaningIn(version, scheme)
  if (meaning === null)
    throw new CryptoError('unsupported', `${scheme.name} signs no handshake of this version`)
  return { scheme: scheme.id, signature: certificate.privateKey.sign(meaning, data) }
}
