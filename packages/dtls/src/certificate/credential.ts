import { CryptoError } from '@purertc/crypto'

import type { ResolvedConfig } from '../resolved-config.ts'
import type { DigitallySigned } from '../messages/digitally-signed.ts'
import type { ProtocolVersion } from '../protocol/protocol-version.ts'
import { chooseSignatureScheme, meaningIn, type NamedSignatureScheme } from '../protocol/signature-scheme.ts'
import type { Certificate } from './certificate.ts'

/** What we prove our identity with. */
export interface Credential {
  readonly version: ProtocolVersion
  readonly certificate: Certificate
  readonly scheme: NamedSignatureScheme
}

/** The first of these certificates that can be signed for in a way that the peer knows. */
export function chooseCredential(
  version: ProtocolVersion,
  config: ResolvedConfig,
  certificates: readonly Certificate[],
  offered: readonly number[],
): Credential | null {
  for (const certificate of certificates) {
    const { kind } = certificate.privateKey
    const scheme = chooseSignatureScheme(version, kind, config.signatureSchemes, offered)
    if (scheme !== undefined) return { version, certificate, scheme }
  }
  return null
}

/** Signs with the meaning that the scheme has in the version. */
export function sign({ version, certificate, scheme }: Credential, data: Uint8Array): DigitallySigned {
  const meaning = meaningIn(version, scheme)
  if (meaning === null)
    throw new CryptoError('unsupported', `${scheme.name} signs no handshake of this version`)
  return { scheme: scheme.id, signature: certificate.privateKey.sign(meaning, data) }
}
