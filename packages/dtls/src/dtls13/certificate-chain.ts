import type { Certificate } from '../certificate/certificate.ts'
import type { Credential } from '../certificate/credential.ts'
import { PeerMisbehaved } from '../errors.ts'
import { Extensions } from '../extensions/extensions.ts'
import type { CertificateType } from '../protocol/certificate-type.ts'
import { encodeCertificateMessage, decodeCertificateMessage } from './messages/certificate-message.ts'

/**
 * What a peer's Certificate message shows: certificates, its own first, or one bare key (RFC 7250). We ask for no
 * extensions, so there must be none.
 */
export function readChain(body: Uint8Array, type: CertificateType): readonly Uint8Array[] {
  const { context, entries } = decodeCertificateMessage(body)
  if (context.length > 0)
    throw new PeerMisbehaved('illegal-parameter', 'certificate_request_context was empty')
  if (type === 'raw-public-key' && entries.length > 1)
    throw new PeerMisbehaved('illegal-parameter', 'more than one bare key (RFC 8446 §4.4.2)')
  return entries.map(({ data, extensions }) => {
    for (const type of extensions.types)
      throw new PeerMisbehaved(
        'unsolicited-extension',
        `extension ${type} of a certificate was not asked for`,
      )
    return data
  })
}

/** Our own Certificate message, without any where we have none that suits the peer. */
export function writeChain(credential: Credential | null, type: CertificateType): Uint8Array {
  const chain = credential === null ? [] : shownOf(credential.certificate, type)
  const entries = chain.map((data) => ({ data, extensions: new Extensions() }))
  return encodeCertificateMessage({ context: new Uint8Array(0), entries })
}

const shownOf = (certificate: Certificate, type: CertificateType): readonly Uint8Array[] =>
  type === 'x509' ? [certificate.der, ...certificate.chain] : [certificate.subjectPublicKeyInfo]
