import { ed25519 } from '@noble/curves/ed25519.js'
import { p256, p384 } from '@noble/curves/nist.js'

import { CryptoError } from '../crypto-error.ts'
import { parsePkcs8, parseSpki } from '../key-format.ts'
import { keyKindOf, type KeyKind, type PrivateKey, type PublicKey } from '../signature.ts'

/** RFC 6979 signatures: deterministic, so that they need no entropy. */
export function importNoblePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const parsed = parsePkcs8(pkcs8)
  const kind = supported(parsed.kind)
  const secretKey = new Uint8Array(parsed.key)
  return {
    kind,
    sign: (scheme, data) => {
      if (keyKindOf[scheme] !== kind)
        throw new CryptoError('unsupported', `${scheme} needs another key than ${kind}`)
      return kind === 'ed25519'
        ? ed25519.sign(data, secretKey)
        : ecdsa[kind].sign(data, secretKey, tlsSignature)
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
    verify: (scheme, data, signature) => {
      if (keyKindOf[scheme] !== kind) return false
      try {
        return kind === 'ed25519'
          ? ed25519.verify(signature, data, publicKey, rfc8032)
          : ecdsa[kind].verify(signature, data, publicKey, tlsSignature)
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

const ecdsa = { 'ec-p256': p256, 'ec-p384': p384 } as const

/** DER, and either of the two values of s: TLS knows no rule of the lower half. */
const tlsSignature = { format: 'der', lowS: false } as const

/** The strict decoding of RFC 8032 §5.1.7 instead of ZIP 215's. */
const rfc8032 = { zip215: false } as const
