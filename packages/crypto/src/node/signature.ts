import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

import { CryptoError } from '../crypto-error.ts'
import type { KeyKind, PrivateKey, PublicKey, SignatureScheme } from '../signature.ts'

export function importNodePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const key = parse(() => createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' }))
  const kind = kindOf(key)
  return {
    kind,
    sign: (scheme, data) => {
      if (schemes[scheme].kind !== kind)
        throw new CryptoError('unsupported', `${scheme} needs another key than ${kind}`)
      return sign(schemes[scheme].hash, data, { key, ...schemes[scheme].options })
    },
  }
}

export function importNodePublicKey(spki: Uint8Array): PublicKey {
  const key = parse(() => createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' }))
  const kind = kindOf(key)
  return {
    kind,
    verify: (scheme, data, signature) =>
      schemes[scheme].kind === kind &&
      verify(schemes[scheme].hash, data, { key, ...schemes[scheme].options }, signature),
  }
}

const schemes: Record<SignatureScheme, { kind: KeyKind; hash: string | null; options: object }> = {
  ecdsa_secp256r1_sha256: { kind: 'ec-p256', hash: 'sha256', options: { dsaEncoding: 'der' } },
  ecdsa_secp384r1_sha384: { kind: 'ec-p384', hash: 'sha384', options: { dsaEncoding: 'der' } },
  ed25519: { kind: 'ed25519', hash: null, options: {} },
  rsa_pss_rsae_sha256: {
    kind: 'rsa',
    hash: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  rsa_pkcs1_sha256: { kind: 'rsa', hash: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
}

function parse(read: () => KeyObject): KeyObject {
  try {
    return read()
  } catch (cause) {
    throw new CryptoError('invalid-key', 'the key cannot be parsed', { cause })
  }
}

function kindOf(key: KeyObject): KeyKind {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519'
  if (key.asymmetricKeyType === 'rsa') return 'rsa'
  const curve = key.asymmetricKeyType === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined
  if (curve === 'prime256v1') return 'ec-p256'
  if (curve === 'secp384r1') return 'ec-p384'
  throw new CryptoError(
    'unsupported',
    `keys of ${curve ?? key.asymmetricKeyType ?? 'this'} kind are not supported`,
  )
}
