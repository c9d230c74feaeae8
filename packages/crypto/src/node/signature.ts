import { constants, type KeyObject, sign, verify } from 'node:crypto'

import { CryptoError } from '../crypto-error.ts'
import { curveBits, parsePkcs8, parseSpki } from '../key-format.ts'
import {
  keyKindsOf,
  type KeyKind,
  type PrivateKey,
  type PublicKey,
  type SignatureScheme,
} from '../signature.ts'
import { plain } from './bytes.ts'
import { privateKeyObject, publicKeyObject } from './key-object.ts'

export function importNodePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const parsed = parsePkcs8(pkcs8)
  const { kind } = parsed
  const key = parse(() => privateKeyObject(parsed, pkcs8))
  return {
    kind,
    sign: (scheme, data) => {
      if (!keyKindsOf[scheme].includes(kind))
        throw new CryptoError('unsupported', `${scheme} needs another key than ${kind}`)
      try {
        return plain(sign(parameters[scheme].hash, data, { key, ...parameters[scheme].options }))
      } catch (cause) {
        throw new CryptoError('unsupported', `the key is too short for ${scheme}`, { cause })
      }
    },
  }
}

export function importNodePublicKey(spki: Uint8Array): PublicKey {
  const parsed = parseSpki(spki)
  const { kind } = parsed
  const key = parse(() => publicKeyObject(parsed, spki))
  return {
    kind,
    bits: bitsOf(kind, key),
    verify: (scheme, data, signature) =>
      keyKindsOf[scheme].includes(kind) &&
      verify(parameters[scheme].hash, data, { key, ...parameters[scheme].options }, signature),
  }
}

function parse(read: () => KeyObject): KeyObject {
  try {
    return read()
  } catch (cause) {
    throw new CryptoError('invalid-key', 'the key cannot be parsed', { cause })
  }
}

function bitsOf(kind: KeyKind, key: KeyObject): number {
  if (kind === 'rsa') return key.asymmetricKeyDetails?.modulusLength ?? 0
  return curveBits[kind]
}

const ecdsa = { dsaEncoding: 'der' } as const
const pkcs1 = { padding: constants.RSA_PKCS1_PADDING } as const
/** The salt is as long as the digest, RFC 8446 §4.2.3. */
const pss = {
  padding: constants.RSA_PKCS1_PSS_PADDING,
  saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
} as const

const parameters: Readonly<
  Record<SignatureScheme, { readonly hash: string | null; readonly options: object }>
> = {
  ecdsa_secp256r1_sha256: { hash: 'sha256', options: ecdsa },
  ecdsa_secp384r1_sha384: { hash: 'sha384', options: ecdsa },
  ecdsa_sha256: { hash: 'sha256', options: ecdsa },
  ecdsa_sha384: { hash: 'sha384', options: ecdsa },
  ecdsa_sha512: { hash: 'sha512', options: ecdsa },
  ed25519: { hash: null, options: {} },
  rsa_pss_rsae_sha256: { hash: 'sha256', options: pss },
  rsa_pss_rsae_sha384: { hash: 'sha384', options: pss },
  rsa_pss_rsae_sha512: { hash: 'sha512', options: pss },
  rsa_pkcs1_sha256: { hash: 'sha256', options: pkcs1 },
  rsa_pkcs1_sha384: { hash: 'sha384', options: pkcs1 },
  rsa_pkcs1_sha512: { hash: 'sha512', options: pkcs1 },
}
