import { equalBytes } from '@purertc/bytes'
import { CryptoError, type CryptoProvider, type PublicKey } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'
import { isSignedBy } from './certificate-signature.ts'
import { matchesHost } from './host-name.ts'
import { decodeCertificate, type X509Fields } from './x509.ts'
import { decodeExtensions, ExtendedKeyUsage, KeyUsage, type X509Extensions } from './x509-extensions.ts'

/** By what a chain of certificates is judged. */
export interface ChainPolicy {
  readonly crypto: CryptoProvider
  /** Certificates of the authorities that are trusted, DER. */
  readonly authorities: readonly Uint8Array[]
  /** Milliseconds since 1970. */
  readonly now: number
  /** What the certificate must be good for (RFC 5280 §4.2.1.12): being a server, or a client. */
  readonly purpose: 'server' | 'client'
  /** Name or address that it must be made out to; null where any will do. */
  readonly host: string | null
}

/**
 * Validates a certificate and finds a path to a trusted authority through the others that came with it, in whatever
 * order: RFC 5280 §6 without policies and name constraints (which forbid, where they are critical). Throws
 * {@link PeerMisbehaved} with what is wrong.
 */
export function validateChain(policy: ChainPolicy, chain: readonly Uint8Array[]): void {
  const [leaf, ...others] = chain.map((der) => readLink(policy.crypto, der))
  if (leaf === undefined) throw new PeerMisbehaved('bad-certificate', 'no certificate')
  checkLink(leaf, policy)
  checkLeaf(leaf, policy)
  new PathSearch(policy, others.slice(0, maxIntermediates)).run(leaf)
}

/** A certificate of a chain, all of it read. */
interface Link extends X509Fields {
  readonly der: Uint8Array
  readonly key: PublicKey
  readonly uses: X509Extensions
}

/** Depth first, trusted issuers first; what stopped the first attempt is what the peer is told. */
class PathSearch {
  readonly #policy: ChainPolicy
  readonly #intermediates: readonly Link[]
  readonly #anchors: readonly Link[]
  #signaturesLeft = maxSignatures
  #obstacle: PeerMisbehaved | null = null

  constructor(policy: ChainPolicy, intermediates: readonly Link[]) {
    this.#policy = policy
    this.#intermediates = intermediates
    this.#anchors = policy.authorities.map((der) => readLink(policy.crypto, der))
  }

  run(leaf: Link): void {
    if (this.#leads(leaf, [])) return
    throw (
      this.#obstacle ??
      new PeerMisbehaved('unknown-authority', 'no path leads to an authority that is trusted')
    )
  }

  #leads(link: Link, below: readonly Link[]): boolean {
    // Trusted by itself, as a server is that signed its own certificate.
    if (this.#anchors.some(({ der }) => equalBytes(der, link.der))) return true
    const path = [...below, link]
    if (this.#anchors.some((anchor) => this.#mayIssue(anchor, link, below))) return true
    return this.#intermediates.some(
      (issuer) => !path.includes(issuer) && this.#mayIssue(issuer, link, below) && this.#leads(issuer, path),
    )
  }

  /** Whether `issuer` has signed `link`, and might. `below` are those that `link` has signed in turn. */
  #mayIssue(issuer: Link, link: Link, below: readonly Link[]): boolean {
    if (!equalBytes(issuer.subject, link.issuer) || this.#signaturesLeft === 0) return false
    this.#signaturesLeft--
    if (!isSignedBy(link, issuer.key)) return false
    try {
      checkLink(issuer, this.#policy)
      checkIssuer(issuer, [...below, link])
      return true
    } catch (error) {
      if (!(error instanceof PeerMisbehaved)) throw error
      this.#obstacle ??= error
      return false
    }
  }
}

/** What holds for every certificate of a path. */
function checkLink({ notBefore, notAfter, key, uses }: Link, { now, purpose }: ChainPolicy): void {
  if (now < notBefore || now > notAfter)
    throw new PeerMisbehaved('certificate-expired', 'a certificate is not valid at this time')
  if (uses.unknownCritical.length > 0)
    throw new PeerMisbehaved(
      'unsupported-certificate',
      `critical extension ${uses.unknownCritical.join(', ')}`,
    )
  if (key.kind === 'rsa' && key.bits < minRsaBits)
    throw new PeerMisbehaved('unsupported-certificate', `an RSA key of ${key.bits} bits`)
  const wanted = purpose === 'server' ? ExtendedKeyUsage.serverAuth : ExtendedKeyUsage.clientAuth
  const allowed = uses.extendedKeyUsage
  if (allowed !== null && !allowed.includes(wanted) && !allowed.includes(ExtendedKeyUsage.any))
    throw new PeerMisbehaved('unsupported-certificate', `a certificate that is not for a ${purpose}`)
}

function checkLeaf({ uses }: Link, { host }: ChainPolicy): void {
  if (!allows(uses, KeyUsage.digitalSignature))
    throw new PeerMisbehaved('unsupported-certificate', 'a certificate that is not for signatures')
  if (host !== null && !matchesHost(uses.names, host))
    throw new PeerMisbehaved('wrong-host', `the certificate is not one of ${host}`)
}

/** RFC 5280 §6.1.4: an issuer of version 3 says that it is one. */
function checkIssuer({ version, uses }: Link, issued: readonly Link[]): void {
  if (version >= 3 && !uses.isAuthority)
    throw new PeerMisbehaved('unknown-authority', 'the issuer is no authority')
  if (!allows(uses, KeyUsage.keyCertSign))
    throw new PeerMisbehaved('unknown-authority', 'the issuer may not sign certificates')
  // Of those below, the last one of the path and those that renew themselves do not count (§4.2.1.9).
  const between = issued.slice(1).filter(({ issuer, subject }) => !equalBytes(issuer, subject))
  if (between.length > uses.pathLength)
    throw new PeerMisbehaved('unknown-authority', 'the path is longer than the authority allows')
}

const allows = ({ keyUsage }: X509Extensions, use: number): boolean =>
  keyUsage === null || (keyUsage & use) !== 0

function readLink(crypto: CryptoProvider, der: Uint8Array): Link {
  try {
    const fields = decodeCertificate(der)
    const key = crypto.importPublicKey(fields.subjectPublicKeyInfo)
    return { ...fields, der, key, uses: decodeExtensions(fields.extensions) }
  } catch (cause) {
    if (cause instanceof CryptoError && cause.code === 'unsupported')
      throw new PeerMisbehaved('unsupported-certificate', 'a key of this kind is not supported', { cause })
    throw new PeerMisbehaved('bad-certificate', 'a certificate cannot be read', { cause })
  }
}

/** An attacker chooses the chain: neither its length nor the work of searching it may be without bounds. */
const maxIntermediates = 8
const maxSignatures = 32
/** RFC 9325 §4.5. */
const minRsaBits = 2_048
