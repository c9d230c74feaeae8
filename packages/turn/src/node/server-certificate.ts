import { X509Certificate } from 'node:crypto'
import { type ConnectionOptions, rootCertificates } from 'node:tls'

import { isIpAddress } from '@purertc/stun'

/** Of `tls.connect`'s options, those that say whom to trust: DTLS goes by the same. */
export type TrustOptions = Pick<ConnectionOptions, 'ca' | 'servername' | 'rejectUnauthorized'>

/**
 * Judges the certificate of a server that was asked for as `host`, as node:tls does: its name, its time, and a chain up to
 * `ca`, or to the authorities that Node trusts.
 */
export function serverVerifier(
  host: string,
  { ca, servername, rejectUnauthorized }: TrustOptions = {},
): (der: Uint8Array, chain: readonly Uint8Array[]) => boolean {
  if (rejectUnauthorized === false) return () => true
  const name = servername === undefined || servername === '' ? host : servername
  const roots = ca === undefined ? systemRoots() : certificatesIn(ca)
  return (der, chain) => {
    try {
      const leaf = new X509Certificate(der)
      const isItsName = isIpAddress(name) === null ? leaf.checkHost(name) : leaf.checkIP(name)
      const others = chain.map((bytes) => new X509Certificate(bytes))
      return isItsName !== undefined && isForServers(leaf) && isTrusted(leaf, others, roots)
    } catch {
      // What cannot be read is trusted by nobody.
      return false
    }
  }
}

/** RFC 5280 §6, as far as chains of servers go: each is signed by the next, good today, and the last one is trusted. */
function isTrusted(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): boolean {
  let current = leaf
  for (let depth = 0; depth < MAX_DEPTH; depth++) {
    if (!isGoodToday(current)) return false
    const { fingerprint256 } = current
    if (roots.some((root) => root.fingerprint256 === fingerprint256)) return true
    const issuer = [...roots, ...others].find((candidate) => isIssuedBy(current, candidate))
    if (issuer === undefined || issuer === current) return false
    current = issuer
  }
  return false
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
}

function isGoodToday({ validFrom, validTo }: X509Certificate): boolean {
  const now = Date.now()
  return Date.parse(validFrom) <= now && now <= Date.parse(validTo)
}

/** RFC 5280 §4.2.1.12: a certificate that says what it is for must be for servers. */
function isForServers({ keyUsage }: X509Certificate): boolean {
  const purposes = keyUsage as string[] | undefined
  return purposes === undefined || purposes.includes(SERVER_AUTH) || purposes.includes(ANY_PURPOSE)
}

type Ca = NonNullable<ConnectionOptions['ca']>

function certificatesIn(ca: Ca): X509Certificate[] {
  const texts = (Array.isArray(ca) ? ca : [ca]).map((text) => text.toString())
  return texts.flatMap((text) => text.match(PEM) ?? []).map((pem) => new X509Certificate(pem))
}

let system: X509Certificate[] | null = null

/** Read once, when they are first needed: there are more than a hundred. */
function systemRoots(): readonly X509Certificate[] {
  system ??= rootCertificates.map((pem) => new X509Certificate(pem))
  return system
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_PURPOSE = '2.5.29.37.0'
const MAX_DEPTH = 8
