import { Reader } from '@purertc/bytes'

/** RequestConnectionId, RFC 9147 §9: | num_cids (8) | */
export function decodeRequestConnectionId(body: Uint8Array): number {
  const reader = new Reader(body)
  const count = reader.u8()
  reader.done()
  return count
}

export const encodeRequestConnectionId = (count: number): Uint8Array => Uint8Array.of(count)
