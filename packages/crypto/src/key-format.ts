import { copyBytes, DecodeError, Reader, toHex } from '@purertc/bytes'

import { CryptoError } from './crypto-error.ts'
import { DerTag, readDer } from './der.ts'
import type { KeyKind } from './signature.ts'

/** What a key file says: both providers read keys with these functions, so that they refuse the same ones. */
export interface ParsedKey {
  readonly kind: KeyKind
  /**
   * Public: the uncompressed point, the 32 bytes of Ed25519, or the DER of an RSAPublicKey. Private: the scalar, the
   * seed of Ed25519, or the DER of an RSAPrivateKey. Borrowed from the input.
   */
  readonly key: Uint8Array
}

/**
 * SubjectPublicKeyInfo, RFC 5280 §4.1: SEQUENCE { AlgorithmIdentifier, BIT STRING }. Points of a curve must be
 * uncompressed, the only form that RFC 5480 §2.2 makes mandatory; a point of Ed25519 must not be of small order.
 */
export function parseSpki(spki: Uint8Array): ParsedKey {
  return parse(spki, (body) => {
    const kind = readKind(body)
    const bits = readDer(body, DerTag.bitString)
    body.done()
    if (bits.u8() !== 0) throw new DecodeError('invalid', 'unused bits')
    const key = bits.rest()
    if (!isPublicKey(kind, key)) throw new DecodeError('invalid', `no public key of kind ${kind}`)
    return { kind, key }
  })
}

/**
 * PrivateKeyInfo, RFC 5208 §5: SEQUENCE { INTEGER 0, AlgorithmIdentifier, OCTET STRING, [0] attributes OPTIONAL }.
 * The attributes, and the public key that RFC 5915 may hold, are passed over: the public key follows from the private.
 */
export function parsePkcs8(pkcs8: Uint8Array): ParsedKey {
  return parse(pkcs8, (body) => {
    const version = readDer(body, DerTag.integer)
    if (version.u8() !== 0) throw new CryptoError('unsupported', 'PKCS#8 of another version than 0')
    version.done()
    const kind = readKind(body)
    const inner = readDer(body, DerTag.octetString)
    if (!body.isEmpty) readDer(body, attributesTag)
    body.done()
    return { kind, key: readPrivateKey(kind, inner) }
  })
}

function parse(bytes: Uint8Array, read: (body: Reader) => ParsedKey): ParsedKey {
  try {
    const reader = new Reader(bytes)
    const body = readDer(reader, DerTag.sequence)
    reader.done()
    return read(body)
  } catch (cause) {
    if (!(cause instanceof DecodeError)) throw cause
    throw new CryptoError('invalid-key', `the key cannot be parsed: ${cause.message}`, { cause })
  }
}

function readKind(body: Reader): KeyKind {
  const algorithm = toHex(readDer(body, DerTag.sequence).rest())
  const kind = kindByAlgorithm.get(algorithm)
  if (kind === undefined)
    throw new CryptoError('unsupported', `keys of algorithm ${algorithm.slice(0, 64)} are not supported`)
  return kind
}

function isPublicKey(kind: KeyKind, key: Uint8Array): boolean {
  if (kind === 'rsa') return key.length > 0
  if (kind === 'ed25519') return key.length === 32 && !isOfSmallOrder(key)
  // Two coordinates, each as long as the order: as many bytes as the order has hexadecimal digits.
  return key.length === 1 + orders[kind].length && key[0] === 4
}

/** Points for which anybody can make signatures that OpenSSL takes, whatever their sign and representation. */
function isOfSmallOrder(key: Uint8Array): boolean {
  const ordinate = copyBytes(key)
  ordinate[31]! &= 0x7f
  return smallOrdinates.has(toHex(ordinate))
}

function readPrivateKey(kind: KeyKind, inner: Reader): Uint8Array {
  if (kind === 'rsa') return inner.rest()
  const key = kind === 'ed25519' ? readCurvePrivateKey(inner) : readEcPrivateKey(inner)
  if (!(kind === 'ed25519' ? key.length === 32 : isScalar(kind, key)))
    throw new DecodeError('invalid', `no private key of kind ${kind}`)
  return key
}

/** In [1, n-1]: OpenSSL 3.0 would take any other number, and sign with it. */
function isScalar(kind: EllipticKind, key: Uint8Array): boolean {
  const digits = toHex(key)
  return digits.length === orders[kind].length && /[^0]/.test(digits) && digits < orders[kind]
}

/** CurvePrivateKey, RFC 8410 §7: an OCTET STRING. */
function readCurvePrivateKey(inner: Reader): Uint8Array {
  const key = readDer(inner, DerTag.octetString).rest()
  inner.done()
  return key
}

/** ECPrivateKey, RFC 5915 §3: SEQUENCE { INTEGER 1, OCTET STRING, [0] parameters, [1] publicKey, both OPTIONAL }. */
function readEcPrivateKey(inner: Reader): Uint8Array {
  const body = readDer(inner, DerTag.sequence)
  inner.done()
  const version = readDer(body, DerTag.integer)
  if (version.u8() !== 1) throw new DecodeError('invalid', 'an ECPrivateKey has version 1')
  version.done()
  return readDer(body, DerTag.octetString).rest()
}

/** Bits of the order of each group. */
export const curveBits: Readonly<Record<Exclude<KeyKind, 'rsa'>, number>> = {
  'ec-p256': 256,
  'ec-p384': 384,
  ed25519: 253,
}

const attributesTag = 0xa0

type EllipticKind = 'ec-p256' | 'ec-p384'

/** The order n of each group, SEC 2 §2.4.2 and §2.5.1. */
const orders: Readonly<Record<EllipticKind, string>> = {
  'ec-p256': 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  'ec-p384':
    'ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
}

/** The y of the eight points of edwards25519 whose order divides 8, least byte first; two of them have a second form. */
const smallOrdinates: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  `ec${'ff'.repeat(30)}7f`, // p - 1
  `ed${'ff'.repeat(30)}7f`, // p, which is 0
  `ee${'ff'.repeat(30)}7f`, // p + 1
])

/** Object identifier and parameters, as DER. */
const kindByAlgorithm: ReadonlyMap<string, KeyKind> = new Map([
  ['06072a8648ce3d020106082a8648ce3d030107', 'ec-p256'], // id-ecPublicKey, secp256r1: RFC 5480 §2.1.1
  ['06072a8648ce3d020106052b81040022', 'ec-p384'], // id-ecPublicKey, secp384r1
  ['06032b6570', 'ed25519'], // id-Ed25519, no parameters: RFC 8410 §3
  ['06092a864886f70d0101010500', 'rsa'], // rsaEncryption, NULL: RFC 3279 §2.3.1
])
