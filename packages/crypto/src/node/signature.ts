import { constants, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'

import { CryptoError } from '../crypto-error.ts'
import { parsePkcs8, parseSpki } from '../key-format.ts'
import { keyKindOf, type PrivateKey, type PublicKey, type SignatureScheme } from '../signature.ts'
import { plain } from './bytes.ts'

export function importNodePrivateKey(pkcs8: Uint8Array): PrivateKey {
  const { kind } = parsePkcs8(pkcs8)
  const key = parse(() => createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' }))
  return {
    kind,
    sign: (scheme, data) => {
      if (keyKindOf[scheme] !== kind)
        throw new CryptoError('unsupported', `${scheme} needs another key than ${kind}`)
      return plain(sign(parameters[scheme].hash, data, { key, ...parameters[scheme].options }))
    },
  }
}

export function importNodePublicKey(spki: Uint8Array): PublicKey {
  const { kind } = parseSpki(spki)
  const key = parse(() => createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' }))
  return {
    kind,
    verify: (scheme, data, signature) =>
      keyKindOf[scheme] === kind &&
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

const ecdsa = { dsaEncoding: 'der' } as const

const parameters: Readonly<
  Record<SignatureScheme, { readonly hash: string | null; readonly options: object }>
> = {
  ecdsa_secp256r1_sha256: { hash: 'sha256', options: ecdsa },
  ecdsa_secp384r1_sha384: { hash: 'sha384', options: ecdsa },
  ed25519: { hash: null, options: {} },
  rsa_pss_rsae_sha256: {
    hash: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  rsa_pkcs1_sha256: { hash: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
}
