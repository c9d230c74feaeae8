import { DecodeError, Reader, Writer } from '@purertc/bytes'

import { Extensions } from '../extensions/extensions.ts'

/**
 * ClientHello, RFC 6347 §4.2.1:
 *
 *  | client_version (16) | random (32 bytes) | session_id <0..32> | cookie <0..255> |
 *  | cipher_suites <2..2^16-2> | compression_methods <1..255> | extensions <0..2^16-1> or nothing |
 */
export interface ClientHello extends ClientParameters {
  readonly cookie: Uint8Array
  readonly extensions: Extensions
}

/** What a cookie vouches for: all that stands before the extensions, the cookie apart. RFC 6347 §4.2.1. */
export interface ClientParameters {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuites: readonly number[]
  readonly compressionMethods: Uint8Array
}

/** The decoded fields borrow from `body`. Throws `DecodeError`. */
export function decodeClientHello(body: Uint8Array): ClientHello {
  const reader = new Reader(body)
  const start = decodeClientHelloStart(reader)
  const extensions = Extensions.decode(reader)
  reader.done()
  return { extensions, ...start }
}

/** Reads up to the extensions: all that the first fragment of a ClientHello needs to hold for a stateless answer. */
export function decodeClientHelloStart(reader: Reader): ClientParameters & { readonly cookie: Uint8Array } {
  const version = reader.u16()
  const random = reader.bytes(32)
  const sessionId = reader.bytes(reader.u8())
  if (sessionId.length > 32) throw new DecodeError('invalid', 'session_id of more than 32 bytes')
  const cookie = reader.bytes(reader.u8())
  const suites = reader.sub(reader.u16())
  const cipherSuites: number[] = []
  do cipherSuites.push(suites.u16())
  while (!suites.isEmpty)
  const compressionMethods = reader.bytes(reader.u8())
  if (compressionMethods.length === 0) throw new DecodeError('invalid', 'no compression method')
  return { version, random, sessionId, cookie, cipherSuites, compressionMethods }
}

export function encodeClientHello(hello: ClientHello): Uint8Array {
  const writer = new Writer()
  writer.u16(hello.version)
  writer.bytes(hello.random)
  writer.u8(hello.sessionId.length)
  writer.bytes(hello.sessionId)
  writer.u8(hello.cookie.length)
  writer.bytes(hello.cookie)
  writer.u16(2 * hello.cipherSuites.length)
  for (const suite of hello.cipherSuites) writer.u16(suite)
  writer.u8(hello.compressionMethods.length)
  writer.bytes(hello.compressionMethods)
  hello.extensions.encode(writer)
  return writer.finish()
}
