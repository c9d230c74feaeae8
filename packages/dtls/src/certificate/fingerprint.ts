import { fromHex, toHex } from '@purertc/bytes'
import type { CryptoProvider, HashAlgorithm } from '@purertc/crypto'

/** Hash functions of `a=fingerprint`, RFC 8122 §5, by their SDP names. SHA-1 can be named; it is not trusted. */
export type FingerprintAlgorithm = 'sha-512' | 'sha-384' | 'sha-256' | 'sha-1'

/** The hash of a certificate's DER form. */
export interface Fingerprint {
  readonly algorithm: FingerprintAlgorithm
  readonly value: Uint8Array
}

/** The fingerprint of a certificate. */
export function computeFingerprint(
  crypto: CryptoProvider,
  der: Uint8Array,
  algorithm: FingerprintAlgorithm = 'sha-256',
): Fingerprint {
  return { algorithm, value: crypto.hash(hashes[algorithm].name, der) }
}

/**
 * Reads the value of an `a=fingerprint` line, `sha-256 4A:AD:…`; letters of either case. Null where it is malformed,
 * or of a hash function that we do not know.
 */
export function parseFingerprint(text: string): Fingerprint | null {
  const match = /^\s*([A-Za-z0-9-]+)\s+([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)\s*$/.exec(text)
  const algorithm = match?.[1]?.toLowerCase()
  if (match?.[2] === undefined || algorithm === undefined || !isAlgorithm(algorithm)) return null
  const value = fromHex(match[2].replaceAll(':', ''))
  return value.length === hashes[algorithm].length ? { algorithm, value } : null
}

/** `sha-256 4A:AD:…`, in capitals as RFC 8122 §5 wants it. */
export function formatFingerprint(fingerprint: Fingerprint): string {
  return `${fingerprint.algorithm} ${toHex(fingerprint.value, ':').toUpperCase()}`
}

/**
 * The fingerprints that decide, RFC 8122 §5: those of the strongest hash function there is. SHA-1 and MD5 identify
 * nothing any more, so they are left out; what is left may be empty.
 */
export function decisiveFingerprints(fingerprints: readonly Fingerprint[]): readonly Fingerprint[] {
  for (const algorithm of strongestFirst) {
    const set = fingerprints.filter((fingerprint) => fingerprint.algorithm === algorithm)
    if (set.length > 0) return set
  }
  return []
}

const strongestFirst: readonly FingerprintAlgorithm[] = ['sha-512', 'sha-384', 'sha-256']

const hashes: Readonly<Record<FingerprintAlgorithm, { name: HashAlgorithm; length: number }>> = {
  'sha-512': { name: 'sha512', length: 64 },
  'sha-384': { name: 'sha384', length: 48 },
  'sha-256': { name: 'sha256', length: 32 },
  'sha-1': { name: 'sha1', length: 20 },
}

const isAlgorithm = (text: string): text is FingerprintAlgorithm => Object.hasOwn(hashes, text)
