import { equalBytes } from '@purertc/bytes'

import { CertificateAuthorities } from '../extensions/certificate-authorities.ts'
import type { Extensions } from '../extensions/extensions.ts'
import { ServerName } from '../extensions/server-name.ts'
import type { Certificate } from './certificate.ts'
import { matchesHost } from './host-name.ts'

/**
 * A server's certificates in the order in which they suit a client that asked for this name (RFC 6066 §3): those that
 * are made out to it, then the others, since a name that nobody has is better answered by the wrong certificate, which
 * the client refuses by itself, than by silence.
 */
function certificatesFor(
  certificates: readonly Certificate[],
  serverName: string | null,
): readonly Certificate[] {
  if (serverName === null || certificates.length < 2) return certificates
  const isNamed = (certificate: Certificate): boolean => matchesHost(certificate.names, serverName)
  return [...certificates.filter(isNamed), ...certificates.filter((certificate) => !isNamed(certificate))]
}

/**
 * Certificates in the order in which they suit a peer that named the authorities it trusts (RFC 5246 §7.4.4, RFC 8446
 * §4.2.4): those that such a one vouches for, then the others, which the peer may know by something else, but for those
 * that are for nobody else.
 */
export function certificatesOf(
  certificates: readonly Certificate[],
  authorities: readonly Uint8Array[],
): readonly Certificate[] {
  const isVouchedFor = ({ issuers }: Certificate): boolean =>
    issuers.some((issuer) => authorities.some((authority) => equalBytes(authority, issuer)))
  return [
    ...certificates.filter(isVouchedFor),
    ...certificates.filter((certificate) => !certificate.issuerRequired && !isVouchedFor(certificate)),
  ]
}

/** A server's certificates in the order in which they suit a client, by what its ClientHello says. */
export function certificatesSuiting(
  certificates: readonly Certificate[],
  extensions: Extensions,
): readonly Certificate[] {
  const trusted = certificatesOf(certificates, extensions.get(CertificateAuthorities) ?? [])
  return certificatesFor(trusted, extensions.get(ServerName) ?? null)
}
