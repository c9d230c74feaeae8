import type { RecordHeader } from './record-header.ts'

/**
 * How the records that we send in one epoch look. What is written is the whole record, header included, since a
 * protection may have its own header.
 */
export interface OutboundProtection {
  /** Bytes by which a record is longer than its content, header included. */
  readonly overhead: number
  /** Records that may be protected, where the cipher sets a limit below that of sequence numbers. */
  readonly limit?: number
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
}

/** Plaintext and AEAD, the two kinds of DTLS 1.2: one object serves either direction. */
export interface RecordProtection extends OutboundProtection {
  /**
   * Writes the content of the record that `header` has read to `into` from 0 on and returns its length, -1 where the
   * record is not authentic. `into` holds at least `header.length` bytes. Where the type of the content was encrypted
   * as well, it is `header.contentType` afterwards, and 0 where there was none.
   */
  unprotect(datagram: Uint8Array, header: RecordHeader, into: Uint8Array): number
}
