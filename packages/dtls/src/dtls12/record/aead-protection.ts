import type { Aead } from '@purertc/crypto'

import { type RecordHeader, recordHeaderLength, writeRecordHeader } from '../../record/record-header.ts'
import type { RecordProtection } from '../../record/record-protection.ts'
import { ExplicitNonce } from './explicit-nonce.ts'

/**
 * AEAD records of DTLS 1.2, RFC 5246 §6.2.3.3:
 *
 *  | header (13) | nonce_explicit (8), if the suite has one: epoch and sequence number | ciphertext | tag |
 *
 * Additional data = epoch, sequence number, type, version, content length. Nonce and additional data are written into
 * the same arrays for every record. One object serves one direction.
 */
export class AeadProtection implements RecordProtection {
  readonly overhead: number
  readonly #aead: Aead
  readonly #nonce: ExplicitNonce
  readonly #aad = new Uint8Array(13)

  /** `fixedIv` has the `fixed_iv_length` of the suite, 4 or 12 bytes. */
  constructor(aead: Aead, fixedIv: Uint8Array) {
    this.#aead = aead
    this.#nonce = new ExplicitNonce(fixedIv)
    this.overhead = recordHeaderLength + this.#nonce.length + aead.tagLength
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
    const { length } = content
    const body = at + recordHeaderLength
    const fragmentLength = length + this.overhead - recordHeaderLength
    writeRecordHeader(into, at, contentType, version, epoch, sequence, fragmentLength)
    this.#bind(into, at, length)
    const nonce = this.#nonce.seal(into, at + epochOffset, body)
    this.#aead.seal(nonce, this.#aad, content, into, body + this.#nonce.length)
    return length + this.overhead
  }

  unprotect(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number {
    const sealed = header.start + this.#nonce.length
    const length = header.end - sealed - this.#aead.tagLength
    if (length < 0) return -1
    this.#bind(datagram, header.at, length)
    const nonce = this.#nonce.open(datagram, header.at + epochOffset, header.start)
    const opened = this.#aead.open(nonce, this.#aad, datagram.subarray(sealed, header.end), into, 0)
    if (opened >= 0) this.#aead.expect?.(this.#nonce.next(), opened)
    return opened
  }

  /** Additional data: the header's fields in another order, with the length of the content. */
  #bind(record: Uint8Array, at: number, length: number): void {
    const aad = this.#aad
    for (let i = 0; i < 8; i++) aad[i] = record[at + epochOffset + i]!
    aad[8] = record[at]!
    aad[9] = record[at + 1]!
    aad[10] = record[at + 2]!
    aad[11] = length >>> 8
    aad[12] = length
  }
}

/** Where epoch and sequence number stand in the header. */
const epochOffset = 3
