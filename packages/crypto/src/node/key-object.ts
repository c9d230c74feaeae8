import { createECDH, createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

import type { ParsedKey } from '../key-format.ts'

// Keys on curves go in as JSON Web Keys: OpenSSL 3 takes 0.2 to 1.4 ms to find out what a DER key is, which is more than
// to use it, and 0.01 to 0.1 ms for numbers that it need not decode. RSA keys are rare, and stay DER.

/** Throws what node:crypto throws where the numbers are no key, as for a point that is not on its curve. */
export function publicKeyObject({ kind, key }: ParsedKey, spki: Uint8Array): KeyObject {
  if (kind === 'rsa') return createPublicKey({ key: Buffer.from(spki), type: 'spki', format: 'der' })
  if (kind === 'ed25519') return edwardsPublicKey('Ed25519', key)
  return createPublicKey({ key: pointOf(kind, key), format: 'jwk' })
}

/** `kind` of the key exchanges, which have no key format here: X25519, RFC 7748. */
export function x25519PublicKey(key: Uint8Array): KeyObject {
  return edwardsPublicKey('X25519', key)
}

/** Throws what node:crypto throws where the numbers are no key. */
export function privateKeyObject({ kind, key }: ParsedKey, pkcs8: Uint8Array): KeyObject {
  if (kind === 'rsa' || kind === 'ed25519')
    return createPrivateKey({ key: Buffer.from(pkcs8), type: 'pkcs8', format: 'der' })
  const ecdh = createECDH(curves[kind].ecdh)
  ecdh.setPrivateKey(key)
  return createPrivateKey({ key: { ...pointOf(kind, ecdh.getPublicKey()), d: base64(key) }, format: 'jwk' })
}

function edwardsPublicKey(crv: 'Ed25519' | 'X25519', key: Uint8Array): KeyObject {
  return createPublicKey({ key: { kty: 'OKP', crv, x: base64(key) }, format: 'jwk' })
}

/** RFC 7518 §6.2.1 of an uncompressed point. */
function pointOf(kind: keyof typeof curves, point: Uint8Array): JsonWebKey {
  const { jwk: crv, size } = curves[kind]
  return { kty: 'EC', crv, x: base64(point.subarray(1, 1 + size)), y: base64(point.subarray(1 + size)) }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')
}

const curves = {
  'ec-p256': { ecdh: 'prime256v1', jwk: 'P-256', size: 32 },
  'ec-p384': { ecdh: 'secp384r1', jwk: 'P-384', size: 48 },
} as const
