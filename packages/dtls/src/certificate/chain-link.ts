import { type CryptoProvider, CryptoError, type PublicKey } from '@purertc/crypto'

import { PeerMisbehaved } from '../errors.ts'
import { decodeCertificate, type X509Fields } from './x509.ts'
import { decodeExtensions, type X509Extensions } from './x509-extensions.ts'

/** A certificate of a path, all of it read. */
export interface ChainLink extends X509Fields {
  readonly der: Uint8Array
  readonly uses: X509Extensions
  /** Imported when it is asked for, since most authorities are not. Throws {@link PeerMisbehaved}. */
  key(): PublicKey
}

/** Throws `DecodeError`. */
export function readLink(crypto: CryptoProvider, der: Uint8Array): ChainLink {
  const fields = decodeCertificate(der)
  let key: PublicKey | null = null
  return {
    der,
    uses: decodeExtensions(fields.extensions),
    key: () => (key ??= importPeerKey(crypto, fields.subjectPublicKeyInfo)),
    ...fields,
  }
}

/** The key of a peer or an authority. Throws {@link PeerMisbehaved}. */
export function importPeerKey(crypto: CryptoProvider, subjectPublicKeyInfo: Uint8Array): PublicKey {
  let key: PublicKey
  try {
    key = crypto.importPublicKey(subjectPublicKeyInfo)
  } catch (cause) {
    if (!(cause instanceof CryptoError)) throw cause
    if (cause.code === 'unsupported')
      throw new PeerMisbehaved('unsupported-certificate', 'a key of this kind is not supported', { cause })
    throw new PeerMisbehaved('bad-certificate', 'the key cannot be read', { cause })
  }
  if (key.kind === 'rsa' && key.bits < minRsaBits)
    throw new PeerMisbehaved('unsupported-certificate', `an RSA key of ${key.bits} bits`)
  return key
}

/** RFC 9325 §4.5: shorter ones are no longer safe. */
const minRsaBits = 2_048
