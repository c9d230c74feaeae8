import type { ExtensionCodec } from './extension-codec.ts'

/** Whoever sends it knows the return routability check, RFC 9853 §3; it has no body. */
export const ReturnRoutability: ExtensionCodec<true> = {
  type: 61,
  name: 'rrc',
  decode: () => true,
  encode: () => undefined,
}
