import { DecodeError, Reader } from '@purertc/bytes'

import { Cookie } from '../extensions/cookie.ts'

/**
 * The cookie among the extensions of a ClientHello of which the end may be missing: `reader` stands before the list.
 * Null where the part that is there holds none.
 */
export function findCookie(reader: Reader): Uint8Array | null {
  if (reader.isEmpty) return null
  try {
    reader.skip(2)
    while (!reader.isEmpty) {
      const type = reader.u16()
      const body = reader.bytes(reader.u16())
      if (type === Cookie.type) return Cookie.decode(new Reader(body))
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
  }
  return null
}
