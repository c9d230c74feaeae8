import { DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/** The versions a client speaks, best first, where it speaks 1.3. RFC 8446 §4.2.1. */
export const SupportedVersions: ExtensionCodec<readonly number[]> = {
  type: 43,
  name: 'supported_versions',
  decode: (body) => {
    const versions = body.sub(body.u8())
    const list: number[] = []
    while (!versions.isEmpty) list.push(versions.u16())
    if (list.length === 0) throw new DecodeError('invalid', 'no version')
    return list
  },
  encode: (writer, versions) => {
    const mark = writer.open8()
    for (const version of versions) writer.u16(version)
    writer.close8(mark)
  },
}

/** The version a server chose, in ServerHello and HelloRetryRequest. RFC 8446 §4.2.1. */
export const SelectedVersion: ExtensionCodec<number> = {
  type: 43,
  name: 'supported_versions',
  decode: (body) => body.u16(),
  encode: (writer, version) => writer.u16(version),
}
