import { DecodeError, fromUtf8, toUtf8 } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/**
 * The name by which a client knows its server, RFC 6066 §3: a list that has room for one name of each kind, and
 * host_name is the only kind. A server answers with an empty body where the name has decided something.
 */
export const ServerName: ExtensionCodec<string> = {
  type: 0,
  name: 'server_name',
  decode: (body) => {
    const list = body.sub(body.u16())
    let name: string | null = null
    do {
      const type = list.u8()
      const bytes = list.bytes(list.u16())
      if (type !== hostName) continue
      if (name !== null) throw new DecodeError('invalid', 'two host names')
      name = decodeHostName(bytes)
    } while (!list.isEmpty)
    if (name === null) throw new DecodeError('invalid', 'no host name')
    return name
  },
  encode: (writer, name) => {
    const list = writer.open16()
    writer.u8(hostName)
    const mark = writer.open16()
    writer.bytes(toUtf8(name))
    writer.close16(mark)
    writer.close16(list)
  },
}

/** The server's answer. */
export const ServerNameAcknowledged: ExtensionCodec<true> = {
  type: 0,
  name: 'server_name',
  decode: () => true,
  encode: () => undefined,
}

/** ASCII without a dot at the end, RFC 6066 §3; a NUL would end the name for somebody else. */
function decodeHostName(bytes: Uint8Array): string {
  const name = fromUtf8(bytes)
  if (!/^[\x21-\x7e]{1,255}$/.test(name) || name.endsWith('.'))
    throw new DecodeError('invalid', 'not a host name')
  return name
}

const hostName = 0
