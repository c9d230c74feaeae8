import { copyBytes, DecodeError, equalBytes } from '@purertc/bytes'
import { type CryptoProvider, equalConstantTime, type PublicKey } from '@purertc/crypto'

import { validateChain } from '../certificate/chain.ts'
import { importPeerKey } from '../certificate/chain-link.ts'
import { computeFingerprint, decisiveFingerprints, type Fingerprint } from '../certificate/fingerprint.ts'
import type { TrustStore } from '../certificate/trust-store.ts'
import { decodeCertificate } from '../certificate/x509.ts'
import { PeerMisbehaved } from '../errors.ts'
import type { CertificateType } from '../protocol/certificate-type.ts'

declare const proof: unique symbol

/**
 * Proof that a certificate, or a key without one, is the one we were told to expect. It does not say that the peer
 * holds the key: see `SignatureVerified`, which takes the key from here and from nowhere else.
 */
export interface PeerVerified {
  readonly [proof]: 'peer'
  readonly identity: CertifiedIdentity
  readonly publicKey: PublicKey
}

/** What the peer showed, DER: a certificate with those that came with it, or a bare key (RFC 7250). */
export type CertifiedIdentity =
  | { readonly kind: 'certificate'; readonly certificate: Uint8Array; readonly chain: readonly Uint8Array[] }
  | { readonly kind: 'public-key'; readonly subjectPublicKeyInfo: Uint8Array }

/**
 * How a peer is recognised:
 *
 * - by fingerprints that came over an authentic channel (RFC 8122),
 * - by a judgement of the host's,
 * - by authorities who vouch for its name (RFC 5280, RFC 9525),
 * - by its key, with a certificate or without one (RFC 7250),
 * - by nothing but a shared key (RFC 4279), for which `psk` must be configured,
 * - not at all: a server's clients only, which are then asked for no certificate.
 */
export type PeerVerification =
  | { readonly fingerprints: readonly Fingerprint[] }
  | {
      /**
       * Whether the peer may have this certificate (DER); `chain` holds those it sent besides. Borrowed. May throw
       * `PeerMisbehaved` to choose the alert, which is bad_certificate otherwise.
       */
      readonly certificate: (der: Uint8Array, chain: readonly Uint8Array[]) => boolean
    }
  | {
      readonly authorities: TrustStore
      /** The name or address that a server must be certified for; null where any will do, as for clients. */
      readonly host: string | null
      /** The time of day, in milliseconds since 1970. */
      readonly time: () => number
    }
  | {
      /** The SubjectPublicKeyInfo of every peer that is welcome, DER. */
      readonly publicKeys: readonly Uint8Array[]
    }
  | { readonly psk: true }
  | { readonly anonymous: true }

/** The part of a configuration that recognises peers. */
export interface Verifier {
  readonly role: 'client' | 'server'
  readonly crypto: CryptoProvider
  readonly verify: PeerVerification
}

/**
 * RFC 8122 §6.2, RFC 8827 §6.5, RFC 5280 §6. With {@link verifyPublicKey} the only origin of {@link PeerVerified}:
 * review these functions, not their callers. Throws {@link PeerMisbehaved}. `chain` is not empty.
 */
export function verifyPeer(verifier: Verifier, chain: readonly Uint8Array[]): PeerVerified {
  const [certificate = new Uint8Array(0), ...others] = chain.map((der) => copyBytes(der))
  const subjectPublicKeyInfo = readPublicKeyInfo(certificate)
  const publicKey = importPeerKey(verifier.crypto, subjectPublicKeyInfo)
  if (!isExpected(verifier, certificate, others, subjectPublicKeyInfo))
    throw new PeerMisbehaved('certificate-refused', 'the certificate is not the one that was expected')
  const identity = { kind: 'certificate', certificate, chain: others }
  return { identity, publicKey } as unknown as PeerVerified
}

/** Whatever the peer showed, which is not nothing. Throws {@link PeerMisbehaved}. */
export function verifyShown(
  verifier: Verifier,
  type: CertificateType,
  shown: readonly Uint8Array[],
): PeerVerified {
  return type === 'x509'
    ? verifyPeer(verifier, shown)
    : verifyPublicKey(verifier, shown[0] ?? new Uint8Array(0))
}

/** RFC 7250 §3: a key without certificate is as good as what we know of it. Throws {@link PeerMisbehaved}. */
export function verifyPublicKey({ crypto, verify }: Verifier, spki: Uint8Array): PeerVerified {
  const subjectPublicKeyInfo = copyBytes(spki)
  const publicKey = importPeerKey(crypto, subjectPublicKeyInfo)
  if (
    !('publicKeys' in verify) ||
    !verify.publicKeys.some((known) => equalBytes(known, subjectPublicKeyInfo))
  )
    throw new PeerMisbehaved('certificate-refused', 'the key is not one that was expected')
  return { identity: { kind: 'public-key', subjectPublicKeyInfo }, publicKey } as unknown as PeerVerified
}

function isExpected(
  { role, crypto, verify }: Verifier,
  certificate: Uint8Array,
  chain: readonly Uint8Array[],
  subjectPublicKeyInfo: Uint8Array,
): boolean {
  if ('fingerprints' in verify)
    return decisiveFingerprints(verify.fingerprints).some(({ algorithm, value }) =>
      equalConstantTime(value, computeFingerprint(crypto, certificate, algorithm).value),
    )
  if ('publicKeys' in verify)
    return verify.publicKeys.some((known) => equalBytes(known, subjectPublicKeyInfo))
  if ('certificate' in verify) return isWelcome(() => verify.certificate(certificate, chain))
  if (!('authorities' in verify)) return false
  const { authorities, host, time } = verify
  const purpose = role === 'client' ? 'server' : 'client'
  validateChain({ crypto, authorities, now: time(), purpose, host }, [certificate, ...chain])
  return true
}

function isWelcome(judge: () => unknown): boolean {
  try {
    // A promise, which JavaScript would let through, is no agreement either.
    return judge() === true
  } catch (cause) {
    // A verifier that fails has not agreed. One that throws our own error chooses the alert.
    if (cause instanceof PeerMisbehaved) throw cause
    throw new PeerMisbehaved('certificate-refused', 'the verifier threw', { cause })
  }
}

function readPublicKeyInfo(certificate: Uint8Array): Uint8Array {
  try {
    return decodeCertificate(certificate).subjectPublicKeyInfo
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new PeerMisbehaved('bad-certificate', 'the certificate cannot be read', { cause })
  }
}
