import { rootCertificates } from 'node:tls'
import { type X509Certificate } from 'node:crypto'

import type { CryptoProvider } from '@purertc/crypto'

import type { Certificate } from '../certificate/certificate.ts'
import { TrustStore } from '../certificate/trust-store.ts'
import type { PeerVerification } from '../proofs/peer-verified.ts'
import { type Pem, readCertificates } from './pem.ts'
import { readIdentities } from './read-certificate.ts'

/** Who we are and whom we trust, with the names that `node:tls` has for it. */
export interface IdentityOptions {
  /** Our certificate in PEM, with those that lead to an authority behind it; several, if there is a `key` for each. */
  readonly cert?: Pem
  /** Our private key in PEM. */
  readonly key?: Pem
  /** Of an encrypted `key`. */
  readonly passphrase?: string
  /** The same as one object, instead of `cert` and `key`: see `generateCertificate` and `readCertificate`. */
  readonly certificate?: Certificate | readonly Certificate[]
  /** Certificates of the authorities that are trusted, PEM; by default those that Node trusts. */
  readonly ca?: Pem
  /**
   * `true` by default: a peer whose certificate is not good is refused. With `false` it is let in, and `authorized`
   * tells.
   */
  readonly rejectUnauthorized?: boolean
  /** Has the last word on a server's certificate instead of the check of its name; an Error refuses it. */
  readonly checkServerIdentity?: (host: string, certificate: X509Certificate) => Error | undefined
  /** Another way of recognising the peer, instead of authorities: fingerprints, its key, a judgement of yours. */
  readonly verify?: PeerVerification
}

/** Our own identities. Throws `DtlsError` `invalid-certificate`. */
export function readOwn(
  { cert, key, passphrase, certificate }: IdentityOptions,
  crypto: CryptoProvider,
): {
  readonly certificate: Certificate | readonly Certificate[]
} {
  if (certificate !== undefined) return { certificate }
  return { certificate: cert === undefined ? [] : readIdentities(cert, key ?? cert, passphrase, crypto) }
}

/** The authorities that are trusted. Node's own are read once, when they are first needed. */
export function readAuthorities({ ca }: IdentityOptions, crypto: CryptoProvider): TrustStore {
  return new TrustStore(crypto, readCertificates(ca ?? rootCertificates))
}
