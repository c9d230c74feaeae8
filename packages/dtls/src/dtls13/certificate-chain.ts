import type { Credential } from '../certificate/credential.ts'
import { PeerMisbehaved } from '../errors.ts'
import { Extensions } from '../extensions/extensions.ts'
import { encodeCertificateMessage, decodeCertificateMessage } from './messages/certificate-message.ts'

/** The certificates of a peer's Certificate message, its own first. We ask for no extensions, so there must be none. */
export function readChain(body: Uint8Array): readonly Uint8Array[] {
  const { context, entries } = decodeCertificateMessage(body)
  if (context.length > 0)
    throw new PeerMisbehaved('illegal-parameter', 'certificate_request_context was empty')
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
export function writeChain(credential: Credential | null): Uint8Array {
  const chain = credential === null ? [] : [credential.certificate.der, ...credential.certificate.chain]
  const entries = chain.map((data) => ({ data, extensions: new Extensions() }))
  return encodeCertificateMessage({ context: new Uint8Array(0), entries })
}
