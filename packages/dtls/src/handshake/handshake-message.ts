import type { Writer } from '@purertc/bytes'

/** A whole handshake message of the peer, in order. `body` is ours to keep. */
export interface HandshakeMessage {
  readonly type: number
  /** `message_seq`, RFC 6347 §4.2.2. */
  readonly sequence: number
  readonly body: Uint8Array
}

/** type, length, message_seq, fragment_offset, fragment_length. */
export const handshakeHeaderLength = 12

/** The header of `length` bytes at `offset` of a message of `total` bytes. RFC 6347 §4.2.2. */
export function writeHandshakeHeader(
  writer: Writer,
  type: number,
  total: number,
  sequence: number,
  offset: number,
  length: number,
): void {
  writer.u8(type)
  writer.u24(total)
  writer.u16(sequence)
  writer.u24(offset)
  writer.u24(length)
}
