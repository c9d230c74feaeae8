import { DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/**
 * ALPN, RFC 7301 §3.1: protocols, best first; a server answers with exactly one. Names are bytes, and a peer may send
 * some that are no text (RFC 8701).
 */
export const ApplicationLayerProtocols: ExtensionCodec<readonly Uint8Array[]> = {
  type: 16,
  name: 'application_layer_protocol_negotiation',
  decode: (body) => {
    const list = body.sub(body.u16())
    const protocols: Uint8Array[] = []
    do {
      const protocol = list.bytes(list.u8())
      if (protocol.length === 0) throw new DecodeError('invalid', 'empty protocol name')
      protocols.push(protocol)
    } while (!list.isEmpty)
    return protocols
  },
  encode: (writer, protocols) => {
    const list = writer.open16()
    for (const protocol of protocols) {
      writer.u8(protocol.length)
      writer.bytes(protocol)
    }
    writer.close16(list)
  },
}
