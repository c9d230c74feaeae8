import { decodeU16List, encodeU16List, type ExtensionCodec } from './extension-codec.ts'

/** The groups a client can use for ephemeral keys, best first. RFC 8422 §5.1.1. */
export const SupportedGroups: ExtensionCodec<readonly number[]> = {
  type: 10,
  name: 'supported_groups',
  decode: decodeU16List,
  encode: encodeU16List,
}
