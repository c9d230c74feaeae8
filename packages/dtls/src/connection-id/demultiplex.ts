import { ContentType } from '../protocol/content-type.ts'

/**
 * The connection ID that a datagram's first record carries, where all of ours have `length` bytes: for a server that
 * looks for the association which a datagram from anywhere is for (RFC 9146 §6, RFC 9147 §9). Null where it carries none.
 * Borrowed from the datagram; it proves nothing.
 *
 * @example
 * const id = findConnectionId(datagram, 8)
 * const association = (id && byConnectionId.get(toHex(id))) ?? byAddress.get(from)
 */
export function findConnectionId(datagram: Uint8Array, length: number): Uint8Array | null {
  const [first = 0] = datagram
  const at = first === ContentType.tls12Cid ? afterSequence : (first & 0xf0) === unifiedWithId ? 1 : 0
  if (length === 0 || at === 0 || datagram.length < at + length) return null
  return datagram.subarray(at, at + length)
}

/** Behind type, version, epoch and sequence number, RFC 9146 §4. */
const afterSequence = 11
/** 001 and the bit C, RFC 9147 §4. */
const unifiedWithId = 0x30
