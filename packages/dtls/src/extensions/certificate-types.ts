import type { Reader, Writer } from '@purertc/bytes'

import type { ExtensionCodec } from './extension-codec.ts'

/** What a client can show, best first, RFC 7250 §4.1. */
export const ClientCertificateTypes: ExtensionCodec<readonly number[]> = {
  type: 19,
  name: 'client_certificate_type',
  decode: decodeList,
  encode: encodeList,
}

/** What a server is to show, and what a client is to: its choice for the client. */
export const ClientCertificateType: ExtensionCodec<number> = {
  type: 19,
  name: 'client_certificate_type',
  decode: (body) => body.u8(),
  encode: (writer, type) => writer.u8(type),
}

/** What a client can verify, best first. */
export const ServerCertificateTypes: ExtensionCodec<readonly number[]> = {
  type: 20,
  name: 'server_certificate_type',
  decode: decodeList,
  encode: encodeList,
}

/** What the server is going to show. */
export const ServerCertificateType: ExtensionCodec<number> = {
  type: 20,
  name: 'server_certificate_type',
  decode: (body) => body.u8(),
  encode: (writer, type) => writer.u8(type),
}

function decodeList(body: Reader): readonly number[] {
  const list = body.sub(body.u8())
  const types: number[] = []
  do types.push(list.u8())
  while (!list.isEmpty)
  return types
}

function encodeList(writer: Writer, types: readonly number[]): void {
  writer.u8(types.length)
  for (const type of types) writer.u8(type)
}
