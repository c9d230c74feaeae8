import type { ResolvedConfig } from '../../config.ts'
import { certificateTypeOf, encodeCertificateRequest } from '../messages/certificate-request.ts'

/** Asks for a certificate of any kind that we can verify. */
export function composeCertificateRequest({ crypto, signatureSchemes, verify }: ResolvedConfig): Uint8Array {
  const subjects = 'authorities' in verify ? verify.authorities.subjects : []
  return encodeCertificateRequest({
    certificateTypes: [...new Set(crypto.keyKinds.map(certificateTypeOf))],
    signatureSchemes: signatureSchemes.map(({ id }) => id),
    // A few names help a client to choose. Those of all roots of a system would fill a dozen datagrams.
    authorities: subjects.length > maxAuthorities ? [] : subjects,
  })
}

const maxAuthorities = 8
