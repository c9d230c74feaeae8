/**
 * The header of protected records in DTLS 1.3, RFC 9147 §4:
 *
 *  | 0 0 1 C S L E E | connection id, if C | sequence number (8, or 16 if S), encrypted | length (16), if L |
 *
 * A cursor over the records of a datagram: one object serves all records of an association.
 */
export class UnifiedHeader {
  /** The two low bits of the epoch. */
  epochBits = 0
  /** Offset of the header. */
  at = 0
  /** Bytes of the connection ID, which stands behind the first byte. */
  connectionIdLength = 0
  /** Offset of the sequence number, and its bytes. */
  sequenceAt = 0
  sequenceLength = 0
  /** Offset of the ciphertext, and behind it. */
  start = 0
  end = 0

  /**
   * Reads the header at `at`; false where the datagram does not hold the whole record, or it has a connection ID though
   * `connectionIdLength`, that of those which the peer may use, is 0.
   */
  read(datagram: Uint8Array, at: number, connectionIdLength = 0): boolean {
    const flags = datagram[at]!
    const hasConnectionId = (flags & Flag.connectionId) !== 0
    if (hasConnectionId && connectionIdLength === 0) return false
    this.at = at
    this.connectionIdLength = hasConnectionId ? connectionIdLength : 0
    this.epochBits = flags & epochMask
    this.sequenceAt = at + 1 + this.connectionIdLength
    this.sequenceLength = (flags & Flag.longSequence) !== 0 ? 2 : 1
    const lengthAt = this.sequenceAt + this.sequenceLength
    if ((flags & Flag.length) === 0) {
      this.start = lengthAt
      this.end = datagram.length
    } else {
      this.start = lengthAt + 2
      if (this.start > datagram.length) return false
      this.end = this.start + ((datagram[lengthAt]! << 8) | datagram[lengthAt + 1]!)
    }
    return this.start <= this.end && this.end <= datagram.length
  }

  get length(): number {
    return this.end - this.start
  }

  get headerLength(): number {
    return this.start - this.at
  }

  /** Offset of the connection ID. */
  get connectionIdAt(): number {
    return this.at + 1
  }
}

/** Whether a record that begins with `byte` has the header of this file. */
export const isUnified = (byte: number): boolean => byte >>> 5 === 1

/** What we write, the connection ID apart: a sequence number of 16 bits and a length. */
export const unifiedHeaderLength = 5

/** Writes the header, its sequence number not encrypted yet. */
export function writeUnifiedHeader(
  into: Uint8Array,
  at: number,
  connectionId: Uint8Array,
  epoch: number,
  sequence: number,
  length: number,
): void {
  const idLength = connectionId.length
  const cFlag = idLength > 0 ? Flag.connectionId : 0
  into[at] = fixedBits | cFlag | Flag.longSequence | Flag.length | (epoch & epochMask)
  for (let i = 0; i < idLength; i++) into[at + 1 + i] = connectionId[i]!
  const behind = at + 1 + idLength
  into[behind] = sequence >>> 8
  into[behind + 1] = sequence
  into[behind + 2] = length >>> 8
  into[behind + 3] = length
}

/**
 * The sequence number whose low bits are `low`, as near as can be to the one that is due (RFC 9147 §4.2.2).
 */
export function reconstructSequence(expected: number, low: number, bits: 8 | 16): number {
  const window = 2 ** bits
  const candidate = expected - (expected % window) + low
  if (candidate + window / 2 < expected) return candidate + window
  if (candidate > expected + window / 2 && candidate >= window) return candidate - window
  return candidate
}

const fixedBits = 0x20
const epochMask = 0x03
const Flag = { connectionId: 0x10, longSequence: 0x08, length: 0x04 } as const
