import type { Reader, Writer } from '@purertc/bytes'
import { DecodeError } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/** A public key for a group, or the answer to one. RFC 8446 §4.2.8. */
export interface KeyShareEntry {
  /** Number in the registry "TLS Supported Groups". */
  readonly group: number
  readonly keyExchange: Uint8Array
}

/** A client's shares, best first; none where it waits for the server to name a group. */
export const ClientKeyShares: ExtensionCodec<readonly KeyShareEntry[]> = {
  type: 51,
  name: 'key_share',
  decode: (body) => {
    const entries = body.sub(body.u16())
    const list: KeyShareEntry[] = []
    while (!entries.isEmpty) list.push(decodeEntry(entries))
    return list
  },
  encode: (writer, shares) => {
    const mark = writer.open16()
    for (const share of shares) encodeEntry(writer, share)
    writer.close16(mark)
  },
}

/** The server's share, in ServerHello. */
export const ServerKeyShare: ExtensionCodec<KeyShareEntry> = {
  type: 51,
  name: 'key_share',
  decode: decodeEntry,
  encode: encodeEntry,
}

/** The group that a HelloRetryRequest asks a share of. */
export const RetryGroup: ExtensionCodec<number> = {
  type: 51,
  name: 'key_share',
  decode: (body) => body.u16(),
  encode: (writer, group) => writer.u16(group),
}

function decodeEntry(reader: Reader): KeyShareEntry {
  const group = reader.u16()
  const keyExchange = reader.bytes(reader.u16())
  if (keyExchange.length === 0) throw new DecodeError('invalid', 'empty key share')
  return { group, keyExchange }
}

function encodeEntry(writer: Writer, { group, keyExchange }: KeyShareEntry): void {
  writer.u16(group)
  writer.u16(keyExchange.length)
  writer.bytes(keyExchange)
}
