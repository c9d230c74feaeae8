import type { OutboundProtection } from '../../record/record-protection.ts'
import type { RecordKeys } from '../keys/traffic-secret.ts'
import { nonceOf } from './nonce.ts'
import { unifiedHeaderLength, writeUnifiedHeader } from './unified-header.ts'

/**
 * Protects the records that we send in one epoch, RFC 9147 §4:
 *
 *  | unified header (5) | encrypted: content, content type (1) | tag |
 *
 * The header is the additional data; then its sequence number is hidden by a mask that is made of the ciphertext.
 */
export class CiphertextProtection implements OutboundProtection {
  readonly overhead: number
  readonly limit: number
  readonly #keys: RecordKeys
  readonly #nonce = new Uint8Array(12)
  readonly #aad = new Uint8Array(unifiedHeaderLength)

  constructor(keys: RecordKeys) {
    this.#keys = keys
    this.overhead = unifiedHeaderLength + 1 + keys.aead.tagLength
    this.limit = keys.suite.sealLimit
  }

  protect(
    contentType: number,
    _version: number,
    epoch: number,
    sequence: number,
    content: Uint8Array,
    into: Uint8Array,
    at: number,
  ): number {
    const { aead, iv, mask } = this.#keys
    const body = at + unifiedHeaderLength
    const innerLength = content.length + 1
    writeUnifiedHeader(into, at, epoch, sequence, innerLength + aead.tagLength)
    for (let i = 0; i < unifiedHeaderLength; i++) this.#aad[i] = into[at + i]!
    into.set(content, body)
    into[body + content.length] = contentType
    nonceOf(iv, sequence, this.#nonce)
    aead.seal(this.#nonce, this.#aad, into.subarray(body, body + innerLength), into, body)
    const stream = mask.of(into, body)
    into[at + 1]! ^= stream[0]!
    into[at + 2]! ^= stream[1]!
    return content.length + this.overhead
  }
}
