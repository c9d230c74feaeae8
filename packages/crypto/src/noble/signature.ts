import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384 } from '@noble/curves/nist.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'

import { CryptoError } from '../crypto-error.ts'
import { curveBits, parsePkcs8, parseSpki } from '../key-format.ts'
import {
  keyKindsOf,
  type KeyKind,
  type PrivateKey,
  type PublicKey,
  type SignatureScheme,
} from '../signature.ts'

/** RFC 6979 signatures: deterministic, so that they need no entropy. */
export function importNoblePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const parsed = parsePkcs8(pkcs8)
  const kind = supported(parsed.kind)
  const secretKey = new Uint8Array(parsed.key)
  return {
    kind,
    sign: (scheme, data) => {
      if (!keyKindsOf[scheme].includes(kind))
        throw new CryptoError('unsupported', `${scheme} needs another key than ${kind}`)
      return kind === 'ed25519'
        ? ed25519.sign(data, secretKey)
        : ecdsa[kind].sign(digest(scheme, data), secretKey, tlsSignature)
    },
  }
}

export function importNoblePublicKey(spki: Uint8Array): PublicKey {
  const parsed = parseSpki(spki)
  const kind = supported(parsed.kind)
  const publicKey = new Uint8Array(parsed.key)
  if (kind !== 'ed25519' && !ecdsa[kind].utils.isValidPublicKey(publicKey, false))
    throw new CryptoError('invalid-key', 'not a point on the curve')
  return {
    kind,
    bits: curveBits[kind],
    verify: (scheme, data, signature) => {
      if (!keyKindsOf[scheme].includes(kind)) return false
      try {
        return kind === 'ed25519'
          ? ed25519.verify(signature, data, publicKey, rfc8032)
          : ecdsa[kind].verify(signature, digest(scheme, data), publicKey, tlsSignature)
      } catch {
        // A signature of another length or form: not this key's.
        return false
      }
    },
  }
}

function supported(kind: KeyKind): Exclude<KeyKind, 'rsa'> {
  if (kind === 'rsa') throw new CryptoError('unsupported', 'the portable provider has no RSA')
  return kind
}

/** The hash of an ECDSA scheme, by the end of its name; RFC 6979 takes the curve's own for its nonces. */
function digest(scheme: SignatureScheme, data: Uint8Array): Uint8Array {
  if (scheme.endsWith('sha384')) return sha384(data)
  return scheme.endsWith('sha512') ? sha512(data) : sha256(data)
}

const ecdsa = { 'ec-p256': p256, 'ec-p384': p384 } as const

/** DER, over a digest, and either of the two values of s: TLS knows no rule of the lower half. */
const tlsSignature = { format: 'der', lowS: false, prehash: false } as const

/** The strict decoding of RFC 8032 §5.1.7 instead of ZIP 215's. */
const rfc8032 = { zip215: false } as const
