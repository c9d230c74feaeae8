import type { ExtensionCodec } from './extension-codec.ts'

/** Binds the master secret to the whole handshake; it has no body. RFC 7627 §5.1. */
export const ExtendedMasterSecret: ExtensionCodec<true> = {
  type: 23,
  name: 'extended_master_secret',
  decode: () => true,
  encode: () => undefined,
}
