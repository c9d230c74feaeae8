import { PeerMisbehaved } from '../errors.ts'
import type { ExtensionCodec } from './extension-codec.ts'

/** Bytes that the sender takes in one protected record, RFC 8449 §4. Throws `PeerMisbehaved` for less than 64. */
export const RecordSizeLimit: ExtensionCodec<number> = {
  type: 28,
  name: 'record_size_limit',
  decode: (body) => {
    const limit = body.u16()
    if (limit < minRecordSizeLimit)
      throw new PeerMisbehaved('illegal-parameter', `a record_size_limit of ${limit} bytes`)
    return limit
  },
  encode: (writer, limit) => writer.u16(limit),
}

export const minRecordSizeLimit = 64
