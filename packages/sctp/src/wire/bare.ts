import type { Reader, Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * The chunks that are a header and nothing else: SHUTDOWN ACK (RFC 9260 §3.3.9) and COOKIE ACK (§3.3.12).
 *
 *     | Type = 8, 11  |  Chunk Flags  |          Length = 4           |
 */
export interface BareChunk {
  readonly type: typeof ChunkType.shutdownAck | typeof ChunkType.cookieAck
}

export function decodeBare(type: BareChunk['type'], value: Reader): BareChunk {
  value.done()
  return { type }
}

export function encodeBare(writer: Writer, chunk: BareChunk): void {
  closeChunk(writer, openChunk(writer, chunk.type, 0))
}
