import { DecodeError, equalBytes } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'
import { isSignedBy } from './certificate-signature.ts'
import { type ChainLink, readLink } from './chain-link.ts'
import { matchesHost } from './host-name.ts'
import { mayCertify } from './name-constraints.ts'
import type { TrustStore } from './trust-store.ts'
import { ExtendedKeyUsage, KeyUsage, type X509Extensions } from './x509-extensions.ts'

/** By what a chain of certificates is judged. */
export interface ChainPolicy {
  readonly crypto: CryptoProvider
  readonly authorities: TrustStore
  /** Milliseconds since 1970. */
  readonly now: number
  /** What the certificate must be good for (RFC 5280 §4.2.1.12): being a server, or a client. */
  readonly purpose: 'server' | 'client'
  /** Name or address that it must be made out to; null where any will do. */
  readonly host: string | null
}

/**
 * Validates a certificate and finds a path to a trusted authority through the others that came with it, in whatever
 * order: RFC 5280 §6 without policies, and with name constraints of hosts' names alone (others forbid, where they are
 * critical). Throws
 * {@link PeerMisbehaved} with what is wrong.
 */
export function validateChain(policy: ChainPolicy, chain: readonly Uint8Array[]): void {
  const [leaf, ...others] = chain.slice(0, maxLength).map((der) => read(policy.crypto, der))
  if (leaf === undefined) throw new PeerMisbehaved('bad-certificate', 'no certificate')
  checkLink(leaf, policy)
  checkLeaf(leaf, policy)
  new PathSearch(policy, others).run(leaf)
}

/** Depth first, trusted issuers first; what stopped the first attempt is what the peer is told. */
class PathSearch {
  readonly #policy: ChainPolicy
  readonly #others: readonly ChainLink[]
  #signaturesLeft = maxSignatures
  #obstacle: PeerMisbehaved | null = null

  constructor(policy: ChainPolicy, others: readonly ChainLink[]) {
    this.#policy = policy
    this.#others = others
  }

  run(leaf: ChainLink): void {
    if (!this.#leads(leaf, []))
      throw this.#obstacle ?? new PeerMisbehaved('unknown-authority', 'no path leads to a trusted authority')
  }

  /** `below` are those that `link` has signed, the peer's own first. */
  #leads(link: ChainLink, below: readonly ChainLink[]): boolean {
    const { authorities } = this.#policy
    // Trusted by itself, as a server is that signed its own certificate.
    if (authorities.has(link)) return true
    const path = [...below, link]
    if (authorities.named(link.issuer).some((issuer) => this.#mayIssue(issuer, path))) return true
    return this.#others.some(
      (issuer) => !path.includes(issuer) && this.#mayIssue(issuer, path) && this.#leads(issuer, path),
    )
  }

  /** Whether `issuer` has signed the last certificate of the path, and might. */
  #mayIssue(issuer: ChainLink, path: readonly ChainLink[]): boolean {
    const link = path[path.length - 1]
    if (link === undefined || !equalBytes(issuer.subject, link.issuer) || this.#signaturesLeft === 0)
      return false
    this.#signaturesLeft--
    try {
      if (!isSignedBy(link, issuer.key())) return false
      checkLink(issuer, this.#policy)
      checkIssuer(issuer, path)
      return true
    } catch (error) {
      if (!(error instanceof PeerMisbehaved)) throw error
      this.#obstacle ??= error
      return false
    }
  }
}

/** What holds for every certificate of a path. */
function checkLink({ notBefore, notAfter, uses }: ChainLink, { now, purpose }: ChainPolicy): void {
  if (now < notBefore || now > notAfter)
    throw new PeerMisbehaved('certificate-expired', 'a certificate is not valid at this time')
  if (uses.unknownCritical.length > 0)
    throw new PeerMisbehaved(
      'unsupported-certificate',
      `critical extension ${uses.unknownCritical.join(', ')}`,
    )
  const wanted = purpose === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
  const allowed = uses.extendedKeyUsage
  if (allowed !== null && !allowed.includes(wanted) && !allowed.includes(ExtendedKeyUsage.any))
    throw new PeerMisbehaved('unsupported-certificate', `a certificate that is not for a ${purpose}`)
}

function checkLeaf({ uses }: ChainLink, { host }: ChainPolicy): void {
  if (!allows(uses, KeyUsage.digitalSignature))
    throw new PeerMisbehaved('unsupported-certificate', 'a certificate that is not for signatures')
  if (host !== null && !matchesHost(uses.names, host))
    throw new PeerMisbehaved('wrong-host', `the certificate is not one of ${host}`)
}

/** RFC 5280 §6.1.4: an issuer of version 3 says that it is one. */
function checkIssuer({ version, uses }: ChainLink, path: readonly ChainLink[]): void {
  if (version >= 3 && !uses.isAuthority)
    throw new PeerMisbehaved('unknown-authority', 'the issuer is no authority')
  if (!allows(uses, KeyUsage.keyCertSign))
    throw new PeerMisbehaved('unknown-authority', 'the issuer may not sign certificates')
  // §6.1.3: of authorities that renew themselves names do not count, unless they are the peer's own certificate.
  const named = path.filter(({ issuer, subject }, i) => i === 0 || !equalBytes(issuer, subject))
  const { nameConstraints } = uses
  if (nameConstraints !== null && !named.every((link) => mayCertify(nameConstraints, link.uses.names)))
    throw new PeerMisbehaved('unknown-authority', 'the authority may not certify this name')
  // The peer's own certificate, and authorities that renew themselves, do not count (§4.2.1.9).
  const between = path.slice(1).filter(({ issuer, subject }) => !equalBytes(issuer, subject))
  if (between.length > uses.pathLength)
    throw new PeerMisbehaved('unknown-authority', 'the path is longer than the authority allows')
}

const allows = ({ keyUsage }: X509Extensions, use: number): boolean =>
  keyUsage === null || (keyUsage & use) !== 0

function read(crypto: CryptoProvider, der: Uint8Array): ChainLink {
  try {
    return readLink(crypto, der)
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new PeerMisbehaved('bad-certificate', 'a certificate cannot be read', { cause })
  }
}

/** An attacker chooses the chain: neither its length nor the work of searching it may be without bounds. */
const maxLength = 10
const maxSignatures = 32
