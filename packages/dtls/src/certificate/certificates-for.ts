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
