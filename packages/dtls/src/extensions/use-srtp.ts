import type { ExtensionCodec } from './extension-codec.ts'
import { decodeU16List, encodeU16List } from './extension-codec.ts'

/** SRTP protection profiles, best first; a server answers with one. RFC 5764 §4.1.1. */
export interface SrtpParameters {
  readonly profiles: readonly number[]
  /** Master key identifier, mostly empty. */
  readonly mki: Uint8Array
}

export const UseSrtp: ExtensionCodec<SrtpParameters> = {
  type: 14,
  name: 'use_srtp',
  decode: (body) => ({ profiles: decodeU16List(body), mki: body.bytes(body.u8()) }),
  encode: (writer, { profiles, mki }) => {
    encodeU16List(writer, profiles)
    writer.u8(mki.length)
    writer.bytes(mki)
  },
}
