import type { Certificate } from '../certificate/certificate.ts'
import type { ResolvedConfig } from '../config.ts'
import type { DigitallySigned } from '../messages/digitally-signed.ts'
import { ProtocolVersion } from '../protocol/protocol-version.ts'
import { chooseSignatureScheme, type NamedSignatureScheme } from '../protocol/signature-scheme.ts'

/** What we prove our identity with. */
export interface Credential {
  readonly certificate: Certificate
  readonly scheme: NamedSignatureScheme
}

/** The first of these certificates that can be signed for in a way that the peer knows. */
export function chooseCredential(
  config: ResolvedConfig,
  certificates: readonly Certificate[],
  offered: readonly number[],
): Credential | null {
  for (const certificate of certificates) {
    const { kind } = certificate.privateKey
    const scheme = chooseSignatureScheme(ProtocolVersion.dtls12, kind, config.signatureSchemes, offered)
    if (scheme !== undefined) return { certificate, scheme }
  }
  return null
}

export const sign = ({ certificate, scheme }: Credential, data: Uint8Array): DigitallySigned => ({
  scheme: scheme.id,
  signature: certificate.privateKey.sign(scheme.dtls12, data),
})
