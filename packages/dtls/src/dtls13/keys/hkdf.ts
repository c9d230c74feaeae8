import { toUtf8, Writer } from '@purertc/bytes'
import { type CryptoProvider, type HashAlgorithm, hashSizes } from '@purertc/crypto'

/** HKDF-Extract, RFC 5869 §2.2. */
export function hkdfExtract(
  crypto: CryptoProvider,
  hash: HashAlgorithm,
  salt: Uint8Array,
  inputKeyMaterial: Uint8Array,
): Uint8Array {
  return crypto.hmac(hash, salt, inputKeyMaterial)
}

/**
 * HKDF-Expand-Label, RFC 8446 §7.1, with the prefix of RFC 9147 §5.9: `dtls13` stands where TLS has `tls13 `, so that
 * no secret of one is a secret of the other.
 */
export function hkdfExpandLabel(
  crypto: CryptoProvider,
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const info = new Writer(96)
  info.u16(length)
  const labelAt = info.open8()
  info.bytes(toUtf8(labelPrefix + label))
  info.close8(labelAt)
  info.u8(context.length)
  info.bytes(context)
  return hkdfExpand(crypto, hash, secret, info.view(), length)
}

/** HKDF-Expand, RFC 5869 §2.3. */
export function hkdfExpand(
  crypto: CryptoProvider,
  hash: HashAlgorithm,
  secret: Uint8Array,
  info: Uint8Array,
  length: number,
): Uint8Array {
  if (length > 255 * hashSizes[hash]) throw new RangeError('HKDF makes at most 255 blocks')
  const output = new Uint8Array(length)
  const counter = new Uint8Array(1)
  let block: Uint8Array = new Uint8Array(0)
  for (let at = 0; at < length; at += block.length) {
    counter[0]! += 1
    block = crypto.hmac(hash, secret, block, info, counter)
    output.set(block.subarray(0, length - at), at)
  }
  return output
}

const labelPrefix = 'dtls13'
