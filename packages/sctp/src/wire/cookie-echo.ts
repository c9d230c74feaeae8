import type { Reader, Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * COOKIE ECHO chunk, RFC 9260 §3.3.11: the State Cookie exactly as the INIT ACK brought it.
 *
 *     |   Type = 10   |  Chunk Flags  |            Length             |
 *     |                            Cookie                             |
 */
export interface CookieEchoChunk {
  readonly type: typeof ChunkType.cookieEcho
  /** Borrowed. */
  readonly cookie: Uint8Array
}

export function decodeCookieEcho(value: Reader): CookieEchoChunk {
  return { type: ChunkType.cookieEcho, cookie: value.rest() }
}

export function encodeCookieEcho(writer: Writer, chunk: CookieEchoChunk): void {
  const start = openChunk(writer, ChunkType.cookieEcho, 0)
  writer.bytes(chunk.cookie)
  closeChunk(writer, start)
}
