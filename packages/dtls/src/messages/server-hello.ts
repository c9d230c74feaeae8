import { DecodeError, Reader, Writer } from '@purertc/bytes'

import { Extensions } from '../extensions/extensions.ts'

/**
 * ServerHello, RFC 5246 §7.4.1.3:
 *
 *  | server_version (16) | random (32 bytes) | session_id <0..32> | cipher_suite (16) | compression_method (8) |
 *  | extensions <0..2^16-1> or nothing |
 */
export interface ServerHello {
  readonly version: number
  readonly random: Uint8Array
  readonly sessionId: Uint8Array
  readonly cipherSuite: number
  readonly compressionMethod: number
  readonly extensions: Extensions
}

/** The decoded fields borrow from `body`. Throws `DecodeError`. */
export function decodeServerHello(body: Uint8Array): ServerHello {
  const reader = new Reader(body)
  const version = reader.u16()
  const random = reader.bytes(32)
  const sessionId = reader.bytes(reader.u8())
  if (sessionId.length > 32) throw new DecodeError('invalid', 'session_id of more than 32 bytes')
  const cipherSuite = reader.u16()
  const compressionMethod = reader.u8()
  const extensions = Extensions.decode(reader)
  reader.done()
  return { version, random, sessionId, cipherSuite, compressionMethod, extensions }
}

export function encodeServerHello(hello: ServerHello): Uint8Array {
  const writer = new Writer(128)
  writer.u16(hello.version)
  writer.bytes(hello.random)
  writer.u8(hello.sessionId.length)
  writer.bytes(hello.sessionId)
  writer.u16(hello.cipherSuite)
  writer.u8(hello.compressionMethod)
  hello.extensions.encode(writer)
  return writer.finish()
}
