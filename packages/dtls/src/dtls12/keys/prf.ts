import type { CryptoProvider, HashAlgorithm } from '@purertc/crypto'
import { toUtf8 } from '@purertc/bytes'

/** The pseudo-random function of TLS 1.2, RFC 5246 §5: `length` bytes of P_hash(secret, label + seed). */
export function prf(
  crypto: CryptoProvider,
  hash: HashAlgorithm,
  secret: Uint8Array,
  label: string,
  seed: readonly Uint8Array[],
  length: number,
): Uint8Array {
  const output = new Uint8Array(length)
  const labelBytes = toUtf8(label)
  let a = crypto.hmac(hash, secret, labelBytes, ...seed)
  for (let at = 0; at < length;) {
    const block = crypto.hmac(hash, secret, a, labelBytes, ...seed)
    output.set(block.subarray(0, length - at), at)
    at += block.length
    a = crypto.hmac(hash, secret, a)
  }
  return output
}
