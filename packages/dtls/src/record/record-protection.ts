import type { RecordHeader } from './record-header.ts'

/**
 * How the records of one epoch look in one direction. Plaintext and AEAD are the two kinds of DTLS 1.2; what is
 * written is the whole record, header included, since a protection may have its own header.
 */
export interface RecordProtection {
  /** Bytes by which a record is longer than its content, header included. */
  readonly overhead: number
  /** Writes the record to `into` from `at` on and returns its length. `content` must not overlap the destination. */
  protect(
    contentType: number,
    version: number,
    epoch: number,
    sequence: number,
    content: Uint8Array,
    into: Uint8Array,
    at: number,
  ): number
  /**
   * Writes the content of the record that `header` has read to `into` from 0 on and returns its length, -1 where the
   * record is not authentic. `into` holds at least `header.length` bytes.
   */
  unprotect(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number
}
