import type { OutboundProtection } from '../../record/record-protection.ts'
import type { RecordKeys } from '../keys/traffic-secret.ts'
import { nonceOf } from './nonce.ts'
import { unifiedHeaderLength, writeUnifiedHeader } from './unified-header.ts'

/** The connection ID that the peer wants to find in our records; it may become another one. Empty for none. */
export interface OutgoingConnectionId {
  readonly outgoing: Uint8Array
}

/**
 * Protects the records that we send in one epoch, RFC 9147 §4:
 *
 *  | unified header (5, and the connection ID) | encrypted: content, content type (1) | tag |
 *
 * The header is the additional data; then its sequence number is hidden by a mask that is made of the ciphertext.
 */
export class CiphertextProtection implements OutboundProtection {
  readonly limit: number
  readonly #keys: RecordKeys
  readonly #ids: OutgoingConnectionId
  readonly #nonce = new Uint8Array(12)
  #aad = new Uint8Array(unifiedHeaderLength)

  constructor(keys: RecordKeys, ids: OutgoingConnectionId = noConnectionId) {
    this.#keys = keys
    this.#ids = ids
    this.limit = keys.suite.sealLimit
  }

  get overhead(): number {
    return this.#headerLength + 1 + this.#keys.aead.tagLength
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
    const { outgoing } = this.#ids
    const headerLength = unifiedHeaderLength + outgoing.length
    const body = at + headerLength
    const innerLength = content.length + 1
    writeUnifiedHeader(into, at, outgoing, epoch, sequence, innerLength + aead.tagLength)
    if (this.#aad.length !== headerLength) this.#aad = new Uint8Array(headerLength)
    for (let i = 0; i < headerLength; i++) this.#aad[i] = into[at + i]!
    into.set(content, body)
    into[body + content.length] = contentType
    nonceOf(iv, sequence, this.#nonce)
    aead.seal(this.#nonce, this.#aad, into.subarray(body, body + innerLength), into, body)
    const stream = mask.of(into, body)
    const sequenceAt = at + 1 + outgoing.length
    into[sequenceAt]! ^= stream[0]!
    into[sequenceAt + 1]! ^= stream[1]!
    return headerLength + innerLength + aead.tagLength
  }

  get #headerLength(): number {
    return unifiedHeaderLength + this.#ids.outgoing.length
  }
}

const noConnectionId: OutgoingConnectionId = { outgoing: new Uint8Array(0) }
