import { namedAuthorities } from '../../certificate/named-authorities.ts'
import type { ResolvedConfig } from '../../resolved-config.ts'
import { certificateTypeOf, encodeCertificateRequest } from '../messages/certificate-request.ts'

/** Asks for a certificate of any kind that we can verify. */
export function composeCertificateRequest({ crypto, signatureSchemes, verify }: ResolvedConfig): Uint8Array {
  return encodeCertificateRequest({
    certificateTypes: [...new Set(crypto.keyKinds.map(certificateTypeOf))],
    signatureSchemes: signatureSchemes.map(({ id }) => id),
    authorities: namedAuthorities(verify),
  })
}
