import type { Aead } from '@purertc/crypto'

import { ContentType } from '../../protocol/content-type.ts'
import {
  connectionIdOffset,
  type RecordHeader,
  recordHeaderLength,
  writeRecordHeader,
} from '../../record/record-header.ts'
import type { RecordProtection } from '../../record/record-protection.ts'
import { ExplicitNonce } from './explicit-nonce.ts'

/**
 * AEAD records of DTLS 1.2 with a connection ID, RFC 9146 §4 and §5.3:
 *
 *  | tls12_cid | version (16) | epoch (16) | sequence_number (48) | cid | length (16) |
 *  | nonce_explicit, as without | encrypted: content, content type (8), zeros | tag |
 *
 * Additional data = 8 bytes of 0xff, tls12_cid, length of cid, the header with the length of what was encrypted. The
 * record's true type is encrypted with its content. One object serves one direction.
 */
export class ConnectionIdProtection implements RecordProtection {
  readonly overhead: number
  readonly #aead: Aead
  readonly #nonce: ExplicitNonce
  readonly #id: Uint8Array
  readonly #aad: Uint8Array
  readonly #headerLength: number
  #inner = new Uint8Array(0)

  /** `fixedIv` has the `fixed_iv_length` of the suite; `id` is not empty. */
  constructor(aead: Aead, fixedIv: Uint8Array, id: Uint8Array) {
    this.#aead = aead
    this.#nonce = new ExplicitNonce(fixedIv)
    this.#id = id
    this.#headerLength = recordHeaderLength + id.length
    this.#aad = new Uint8Array(placeholder.length + 2 + this.#headerLength)
    this.#aad.set(placeholder)
    this.#aad[placeholder.length] = ContentType.tls12Cid
    this.#aad[placeholder.length + 1] = id.length
    this.overhead = this.#headerLength + this.#nonce.length + 1 + aead.tagLength
  }

  protect(
    contentType: number,
    version: number,
    epoch: number,
    sequence: number,
    content: Uint8Array,
    into: Uint8Array,
    at: number,
  ): number {
    const total = content.length + this.overhead
    const body = at + this.#headerLength
    writeHeader(into, at, version, epoch, sequence, this.#id, total - this.#headerLength)
    this.#bind(into, at, content.length + 1)
    const nonce = this.#nonce.seal(into, at + epochOffset, body)
    const inner = this.#borrowInner(content.length + 1)
    inner.set(content)
    inner[content.length] = contentType
    this.#aead.seal(nonce, this.#aad, inner, into, body + this.#nonce.length)
    return total
  }

  unprotect(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number {
    const sealed = header.start + this.#nonce.length
    const innerLength = header.end - sealed - this.#aead.tagLength
    if (innerLength < 0 || header.connectionIdLength !== this.#id.length) return -1
    this.#bind(datagram, header.at, innerLength)
    const nonce = this.#nonce.open(datagram, header.at + epochOffset, header.start)
    const length = this.#aead.open(nonce, this.#aad, datagram.subarray(sealed, header.end), into, 0)
    return length < 0 ? length : unpad(header, into, length)
  }

  #bind(record: Uint8Array, at: number, innerLength: number): void {
    const aad = this.#aad
    const from = placeholder.length + 2
    const lengthAt = aad.length - 2
    for (let i = 0; from + i < lengthAt; i++) aad[from + i] = record[at + i]!
    aad[lengthAt] = innerLength >>> 8
    aad[lengthAt + 1] = innerLength
  }

  #borrowInner(length: number): Uint8Array {
    if (this.#inner.length < length) this.#inner = new Uint8Array(length)
    return this.#inner.subarray(0, length)
  }
}

function writeHeader(
  into: Uint8Array,
  at: number,
  version: number,
  epoch: number,
  sequence: number,
  id: Uint8Array,
  length: number,
): void {
  writeRecordHeader(into, at, ContentType.tls12Cid, version, epoch, sequence, 0)
  into.set(id, at + connectionIdOffset)
  const lengthAt = at + connectionIdOffset + id.length
  into[lengthAt] = length >>> 8
  into[lengthAt + 1] = length
}

/** The content's type is the last byte that is not zero. */
function unpad(header: RecordHeader, inner: Uint8Array, length: number): number {
  let end = length
  while (end > 0 && inner[end - 1] === 0) end--
  header.contentType = end === 0 ? 0 : inner[end - 1]!
  return Math.max(end - 1, 0)
}

/** Where a sequence number stands in the additional data without connection ID, RFC 9146 §5.3. */
const placeholder = new Uint8Array(8).fill(0xff)
/** Where epoch and sequence number stand in the header. */
const epochOffset = 3
