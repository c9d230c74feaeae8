import { decodeU16List, encodeU16List, type ExtensionCodec } from './extension-codec.ts'

/** The schemes a client can verify, best first. RFC 5246 §7.4.1.4.1, numbered as in RFC 8446 §4.2.3. */
export const SignatureAlgorithms: ExtensionCodec<readonly number[]> = {
  type: 13,
  name: 'signature_algorithms',
  decode: decodeU16List,
  encode: encodeU16List,
}
