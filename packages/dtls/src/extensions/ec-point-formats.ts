import { DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/** How points on a NIST curve may be written. Only `uncompressed` is left, RFC 8422 §5.1.2. */
export const EcPointFormats: ExtensionCodec<readonly number[]> = {
  type: 11,
  name: 'ec_point_formats',
  decode: (body) => {
    const formats = [...body.bytes(body.u8())]
    if (formats.length === 0) throw new DecodeError('invalid', 'no point format')
    return formats
  },
  encode: (writer, formats) => {
    writer.u8(formats.length)
    for (const format of formats) writer.u8(format)
  },
}

export const uncompressedPoint = 0
