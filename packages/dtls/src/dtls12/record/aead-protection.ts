import type { Aead } from '@purertc/crypto'

import { type RecordHeader, recordHeaderLength, writeRecordHeader } from '../../record/record-header.ts'
import type { RecordProtection } from '../../record/record-protection.ts'

/**
 * AEAD records of DTLS 1.2, RFC 5246 §6.2.3.3, with the nonces of RFC 5288 §3 (GCM) and RFC 6655 §3 (CCM):
 *
 *  | header (13) | nonce_explicit (8): epoch and sequence number | ciphertext | tag |
 *
 * nonce = fixed IV (4) and nonce_explicit. With a fixed IV of 12 bytes (ChaCha20-Poly1305, RFC 7905 §2) there is no
 * explicit part: epoch and sequence number are mixed into the IV's last 8 bytes.
 *
 * Additional data = epoch, sequence number, type, version, content length. Nonce and additional data are written into
 * the same arrays for every record. One object serves one direction.
 */
export class AeadProtection implements RecordProtection {
  readonly overhead: number
  readonly #aead: Aead
  readonly #nonce = new Uint8Array(12)
  readonly #aad = new Uint8Array(13)
  /** Mixed with epoch and sequence number: of the IV what it is long enough for, or zeros. */
  readonly #mask = new Uint8Array(sequenceLength)
  readonly #explicitLength: number

  /** `fixedIv` has the `fixed_iv_length` of the suite, 4 or 12 bytes. */
  constructor(aead: Aead, fixedIv: Uint8Array) {
    this.#aead = aead
    this.#nonce.set(fixedIv)
    this.#mask.set(fixedIv.subarray(sequenceOffset))
    this.#explicitLength = this.#nonce.length - fixedIv.length
    this.overhead = recordHeaderLength + this.#explicitLength + aead.tagLength
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
    this.#mixNonce(into, at + epochOffset)
    for (let i = 0; i < this.#explicitLength; i++) into[body + i] = into[at + epochOffset + i]!
    this.#aead.seal(this.#nonce, this.#aad, content, into, body + this.#explicitLength)
    return length + this.overhead
  }

  unprotect(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number {
    const sealed = header.start + this.#explicitLength
    const length = header.end - sealed - this.#aead.tagLength
    if (length < 0) return -1
    this.#bind(datagram, header.at, length)
    // An explicit nonce is what the sender says it is.
    this.#mixNonce(datagram, this.#explicitLength > 0 ? header.start : header.at + epochOffset)
    return this.#aead.open(this.#nonce, this.#aad, datagram.subarray(sealed, header.end), into, 0)
  }

  /** The nonce's last 8 bytes, of those at `at`. */
  #mixNonce(bytes: Uint8Array, at: number): void {
    for (let i = 0; i < sequenceLength; i++) this.#nonce[sequenceOffset + i] = bytes[at + i]! ^ this.#mask[i]!
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

/** Epoch and sequence number, and where they stand in a nonce. */
const sequenceLength = 8
const sequenceOffset = 4
/** Where they stand in the header. */
const epochOffset = 3
