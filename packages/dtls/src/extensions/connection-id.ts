import { copyBytes } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/**
 * The connection ID that the sender wants to find in the records that are sent to it, RFC 9146 §3; an empty one where
 * it wants none, but would put the other's into its own.
 */
export const ConnectionId: ExtensionCodec<Uint8Array> = {
  type: 54,
  name: 'connection_id',
  decode: (body) => copyBytes(body.bytes(body.u8())),
  encode: (writer, id) => {
    writer.u8(id.length)
    writer.bytes(id)
  },
}
