import type { Aead } from '@purertc/crypto'

import { type RecordHeader, recordHeaderLength, writeRecordHeader } from '../../record/record-header.ts'
import type { RecordProtection } from '../../record/record-protection.ts'

/**
 * AEAD records of DTLS 1.2, RFC 5246 §6.2.3.3 and RFC 5288 §3:
 *
 *  | header (13) | nonce_explicit (8): epoch and sequence number | ciphertext | tag (16) |
 *
 * nonce = fixed IV (4) and nonce_explicit; additional data = epoch, sequence number, type, version, content length.
 * Nonce and additional data are written into the same arrays for every record. One object serves one direction.
 */
export class AeadProtection implements RecordProtection {
  readonly overhead: number
  readonly #aead: Aead
  readonly #nonce = new Uint8Array(12)
  readonly #aad = new Uint8Array(13)

  /** `fixedIv` has 4 bytes: `fixed_iv_length` of the AES-GCM suites. */
  constructor(aead: Aead, fixedIv: Uint8Array) {
    this.#aead = aead
    this.#nonce.set(fixedIv)
    this.overhead = recordHeaderLength + explicitNonceLength + aead.tagLength
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
    const length = content.length
    const body = at + recordHeaderLength
    writeRecordHeader(
      into,
      at,
      contentType,
      version,
      epoch,
      sequence,
      length + this.overhead - recordHeaderLength,
    )
    this.#bind(into, at, length)
    // Epoch and sequence number never repeat under a key, so they are the explicit nonce: no counter of our own.
    for (let i = 0; i < explicitNonceLength; i++) {
      const byte = into[at + epochOffset + i]!
      into[body + i] = byte
      this.#nonce[fixedIvLength + i] = byte
    }
    this.#aead.seal(this.#nonce, this.#aad, content, into, body + explicitNonceLength)
    return length + this.overhead
  }

  unprotect(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number {
    const sealed = header.start + explicitNonceLength
    const length = header.end - sealed - this.#aead.tagLength
    if (length < 0) return -1
    this.#bind(datagram, header.at, length)
    for (let i = 0; i < explicitNonceLength; i++) this.#nonce[fixedIvLength + i] = datagram[header.start + i]!
    return this.#aead.open(this.#nonce, this.#aad, datagram.subarray(sealed, header.end), into, 0)
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

const fixedIvLength = 4
const explicitNonceLength = 8
/** Where epoch and sequence number stand in the header. */
const epochOffset = 3
