import { createHmac } from 'node:crypto'

import type { HashAlgorithm } from '../hash.ts'
import { plain } from './bytes.ts'
import { ShortHmacSha1 } from './short-hmac.ts'

/**
 * RFC 2104. STUN signs messages of a hundred bytes with SHA-1, where what `createHmac` makes and the collector removes
 * costs more than the hashing: those are hashed in JavaScript. The rest goes to OpenSSL.
 */
export class NodeHmac {
  readonly #short = new ShortHmacSha1()

  compute(algorithm: HashAlgorithm, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    if (algorithm === 'sha1' && ShortHmacSha1.fits(key, parts)) return this.#short.compute(key, parts)
    const hmac = createHmac(algorithm, key)
    for (const part of parts) hmac.update(part)
    return plain(hmac.digest())
  }
}
