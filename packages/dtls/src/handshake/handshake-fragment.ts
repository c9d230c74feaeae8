import type { Reader } from '@purertc/bytes'
import { DecodeError } from '@purertc/bytes'

/**
 * A piece of a handshake message as it travels, RFC 6347 §4.2.2:
 *
 *  | msg_type (8) | length (24) | message_seq (16) | fragment_offset (24) | fragment_length (24) | fragment ...
 *
 * `bytes` is borrowed.
 */
export interface HandshakeFragment {
  readonly type: number
  /** Bytes of the whole message. */
  readonly length: number
  readonly sequence: number
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Throws `DecodeError` where the fragment is cut off or reaches past its message. */
export function decodeHandshakeFragment(reader: Reader): HandshakeFragment {
  const type = reader.u8()
  const length = reader.u24()
  const sequence = reader.u16()
  const offset = reader.u24()
  const bytes = reader.bytes(reader.u24())
  if (offset + bytes.length > length) throw new DecodeError('invalid', 'fragment reaches past its message')
  return { type, length, sequence, offset, bytes }
}
