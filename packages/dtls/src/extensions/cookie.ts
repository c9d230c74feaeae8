import { DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/** What a HelloRetryRequest gives a client to bring back, RFC 8446 §4.2.2. */
export const Cookie: ExtensionCodec<Uint8Array> = {
  type: 44,
  name: 'cookie',
  decode: (body) => {
    const cookie = body.bytes(body.u16())
    if (cookie.length === 0) throw new DecodeError('invalid', 'empty cookie')
    return cookie
  },
  encode: (writer, cookie) => {
    writer.u16(cookie.length)
    writer.bytes(cookie)
  },
}
