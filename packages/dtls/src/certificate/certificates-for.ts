import { equalBytes } from '@purertc/bytes'

import type { Certificate } from './certificate.ts'
import { matchesHost } from './host-name.ts'

/**
 * A server's certificates in the order in which they suit a client that asked for this name (RFC 6066 §3): those that
 * are made out to it, then the others, since a name that nobody has is better answered by the wrong certificate, which
 * the client refuses by itself, than by silence.
 */
export function certificatesFor(
  certificates: readonly Certificate[],
  serverName: string | null,
): readonly Certificate[] {
  if (serverName === null || certificates.length < 2) return certificates
  const isNamed = (certificate: Certificate): boolean => matchesHost(certificate.names, serverName)
  return [...certificates.filter(isNamed), ...certificates.filter((certificate) => !isNamed(certificate))]
}

/**
 * A client's certificates in the order in which they suit a server that named the authorities it trusts (RFC 5246 §7.4.4,
 * RFC 8446 §4.2.4): those that such a one vouches for, then the others, which the server may know by something else.
 */
export function certificatesOf(
  certificates: readonly Certificate[],
  authorities: readonly Uint8Array[],
): readonly Certificate[] {
  if (authorities.length === 0 || certificates.length < 2) return certificates
  const isVouchedFor = ({ issuers }: Certificate): boolean =>
    issuers.some((issuer) => authorities.some((authority) => equalBytes(authority, issuer)))
  return [
    ...certificates.filter(isVouchedFor),
    ...certificates.filter((certificate) => !isVouchedFor(certificate)),
  ]
}
