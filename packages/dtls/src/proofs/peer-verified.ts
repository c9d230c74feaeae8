import { copyBytes, DecodeError } from '@purertc/bytes'
import { CryptoError, type CryptoProvider, equalConstantTime, type PublicKey } from '@purertc/crypto'

import { computeFingerprint, decisiveFingerprints, type Fingerprint } from '../certificate/fingerprint.ts'
import { decodeCertificate } from '../certificate/x509.ts'
import { PeerMisbehaved } from '../errors.ts'

declare const proof: unique symbol

/**
 * Proof that a certificate is the one we were told to expect. It does not say that the peer holds the key: see
 * `SignatureVerified`, which takes the key from here and from nowhere else.
 */
export interface PeerVerified {
  readonly [proof]: 'peer'
  /** DER. */
  readonly certificate: Uint8Array
  /** What the peer sent besides, DER. */
  readonly chain: readonly Uint8Array[]
  readonly publicKey: PublicKey
}

/**
 * How a peer is recognised:
 *
 * - by fingerprints that came over an authentic channel (RFC 8122),
 * - by a judgement of the host's,
 * - by nothing but a shared key (RFC 4279), for which `psk` must be configured,
 * - not at all: a server's clients only, which are then asked for no certificate.
 */
export type PeerVerification =
  | { readonly fingerprints: readonly Fingerprint[] }
  | {
      /** Whether the peer may have this certificate (DER); `chain` holds those it sent besides. Borrowed. */
      readonly certificate: (der: Uint8Array, chain: readonly Uint8Array[]) => boolean
    }
  | { readonly psk: true }
  | { readonly anonymous: true }

/**
 * RFC 8122 §6.2, RFC 8827 §6.5. The only origin of {@link PeerVerified}: review this function, not its callers.
 * Throws {@link PeerMisbehaved}. `chain` is not empty.
 */
export function verifyPeer(
  crypto: CryptoProvider,
  verification: PeerVerification,
  chain: readonly Uint8Array[],
): PeerVerified {
  const certificate = copyBytes(chain[0] ?? new Uint8Array(0))
  const others = chain.slice(1).map((der) => copyBytes(der))
  const publicKey = readPublicKey(crypto, certificate)
  if (publicKey.kind === 'rsa' && publicKey.bits < minRsaBits)
    throw new PeerMisbehaved('unsupported-certificate', `an RSA key of ${publicKey.bits} bits`)
  if (!isExpected(crypto, verification, certificate, others))
    throw new PeerMisbehaved('certificate-refused', 'the certificate is not the one that was expected')
  return { certificate, chain: others, publicKey } as unknown as PeerVerified
}

function isExpected(
  crypto: CryptoProvider,
  verification: PeerVerification,
  certificate: Uint8Array,
  chain: readonly Uint8Array[],
): boolean {
  if ('fingerprints' in verification)
    return decisiveFingerprints(verification.fingerprints).some(({ algorithm, value }) =>
      equalConstantTime(value, computeFingerprint(crypto, certificate, algorithm).value),
    )
  if (!('certificate' in verification)) return false
  try {
    // A promise, which JavaScript would let through, is no agreement either.
    const verdict: unknown = verification.certificate(certificate, chain)
    return verdict === true
  } catch (cause) {
    // A verifier that fails has not agreed.
    throw new PeerMisbehaved('certificate-refused', 'the verifier threw', { cause })
  }
}

function readPublicKey(crypto: CryptoProvider, certificate: Uint8Array): PublicKey {
  try {
    return crypto.importPublicKey(decodeCertificate(certificate).subjectPublicKeyInfo)
  } catch (cause) {
    if (cause instanceof CryptoError && cause.code === 'unsupported')
      throw new PeerMisbehaved('unsupported-certificate', 'a key of this kind is not supported', { cause })
    if (cause instanceof CryptoError || cause instanceof DecodeError)
      throw new PeerMisbehaved('bad-certificate', 'the certificate cannot be read', { cause })
    throw cause
  }
}

/** RFC 9325 §4.5: shorter ones are no longer safe. */
const minRsaBits = 2_048
