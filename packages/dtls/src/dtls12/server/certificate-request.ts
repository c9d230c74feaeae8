import type { ResolvedConfig } from '../../config.ts'
import { certificateTypeOf, encodeCertificateRequest } from '../messages/certificate-request.ts'

/** Asks for a certificate of any kind that we can verify. */
export function composeCertificateRequest({ crypto, signatureSchemes }: ResolvedConfig): Uint8Array {
  return encodeCertificateRequest({
    certificateTypes: [...new Set(crypto.keyKinds.map(certificateTypeOf))],
    signatureSchemes: signatureSchemes.map(({ id }) => id),
    authorities: [],
  })
}
