import { Reader, Writer } from '@purertc/bytes'

/**
 * HelloVerifyRequest, RFC 6347 §4.2.1: | server_version (16) | cookie <0..255> |
 *
 * The version says nothing about the one that will be chosen and is not kept.
 */
export interface HelloVerifyRequest {
  readonly cookie: Uint8Array
}

export function decodeHelloVerifyRequest(body: Uint8Array): HelloVerifyRequest {
  const reader = new Reader(body)
  reader.skip(2)
  const cookie = reader.bytes(reader.u8())
  reader.done()
  return { cookie }
}

export function encodeHelloVerifyRequest(version: number, request: HelloVerifyRequest): Uint8Array {
  const writer = new Writer(64)
  writer.u16(version)
  writer.u8(request.cookie.length)
  writer.bytes(request.cookie)
  return writer.finish()
}
