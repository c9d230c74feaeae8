import { copyBytes, DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/** The authorities that the sender trusts, by their distinguished names, DER. RFC 8446 §4.2.4. */
export const CertificateAuthorities: ExtensionCodec<readonly Uint8Array[]> = {
  type: 47,
  name: 'certificate_authorities',
  decode: (body) => {
    const list = body.sub(body.u16())
    const names: Uint8Array[] = []
    do {
      const name = copyBytes(list.bytes(list.u16()))
      if (name.length === 0) throw new DecodeError('invalid', 'an empty name')
      names.push(name)
    } while (!list.isEmpty)
    return names
  },
  encode: (writer, names) => {
    const list = writer.open16()
    for (const name of names) {
      writer.u16(name.length)
      writer.bytes(name)
    }
    writer.close16(list)
  },
}
