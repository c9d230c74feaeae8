import type { ExtensionCodec } from './extension-codec.ts'

/** `renegotiated_connection`, RFC 5746 §3.2: empty in the first handshake, and we have no other. */
export const RenegotiationInfo: ExtensionCodec<Uint8Array> = {
  type: 0xff01,
  name: 'renegotiation_info',
  decode: (body) => body.bytes(body.u8()),
  encode: (writer, renegotiated) => {
    writer.u8(renegotiated.length)
    writer.bytes(renegotiated)
  },
}

export const firstHandshake: Uint8Array = new Uint8Array(0)
