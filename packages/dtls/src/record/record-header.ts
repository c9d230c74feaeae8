import { ContentType } from '../protocol/content-type.ts'

/**
 * The record header of DTLS 1.0 to 1.2, RFC 6347 §4.1.
 *
 *  | type (8) | version (16) | epoch (16) | sequence_number (48) | length (16) | fragment ...
 *
 * Where the type is tls12_cid, a connection ID stands before the length (RFC 9146 §4), which does not say how long it is.
 */
export const recordHeaderLength = 13

/** Bytes of content in one record, RFC 6347 §4.1 and RFC 5246 §6.2.1. */
export const maxContentLength = 16_384

/** Bytes of fragment that protection may make of it, RFC 5246 §6.2.3. */
export const maxFragmentLength: number = maxContentLength + 2_048

/** The last sequence number of an epoch: it must not wrap, RFC 6347 §4.1. */
export const maxSequence: number = 2 ** 48 - 1

/** A cursor over the records of a datagram: one object serves all records of an association. */
export class RecordHeader {
  contentType = 0
  version = 0
  epoch = 0
  sequence = 0
  /** Offset of the header. */
  at = 0
  /** Bytes of the connection ID, which ends where the length begins. */
  connectionIdLength = 0
  /** Offset of the fragment. */
  start = 0
  /** Offset behind the fragment. */
  end = 0

  /**
   * Reads the header at `at`; false where the datagram does not hold the whole record. `connectionIdLength` is that of
   * the connection IDs which the peer may use.
   */
  read(datagram: Uint8Array, at: number, connectionIdLength = 0): boolean {
    this.connectionIdLength = datagram[at] === ContentType.tls12Cid ? connectionIdLength : 0
    const start = at + recordHeaderLength + this.connectionIdLength
    if (start > datagram.length) return false
    this.contentType = datagram[at]!
    this.version = (datagram[at + 1]! << 8) | datagram[at + 2]!
    this.epoch = (datagram[at + 3]! << 8) | datagram[at + 4]!
    this.sequence =
      u16(datagram, at + 5) * 0x1_0000_0000 + u16(datagram, at + 7) * 0x1_0000 + u16(datagram, at + 9)
    this.at = at
    this.start = start
    this.end = start + u16(datagram, start - 2)
    return this.end <= datagram.length
  }

  get length(): number {
    return this.end - this.start
  }

  /** Offset of the connection ID. */
  get connectionIdAt(): number {
    return this.at + connectionIdOffset
  }
}

/** Behind type, version, epoch and sequence number. */
export const connectionIdOffset = 11

export function writeRecordHeader(
  into: Uint8Array,
  at: number,
  contentType: number,
  version: number,
  epoch: number,
  sequence: number,
  length: number,
): void {
  into[at] = contentType
  into[at + 1] = version >>> 8
  into[at + 2] = version
  into[at + 3] = epoch >>> 8
  into[at + 4] = epoch
  const high = Math.floor(sequence / 0x1_0000_0000)
  const low = sequence >>> 0
  into[at + 5] = high >>> 8
  into[at + 6] = high
  into[at + 7] = low >>> 24
  into[at + 8] = low >>> 16
  into[at + 9] = low >>> 8
  into[at + 10] = low
  into[at + 11] = length >>> 8
  into[at + 12] = length
}

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!
