import type { Reader, Writer } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * SHUTDOWN chunk, RFC 9260 §3.3.8.
 *
 *     |   Type = 7    |  Chunk Flags  |          Length = 8           |
 *     |                      Cumulative TSN Ack                       |
 */
export interface ShutdownChunk {
  readonly type: typeof ChunkType.shutdown
  readonly cumulativeTsn: Tsn
}

export function decodeShutdown(value: Reader): ShutdownChunk {
  const cumulativeTsn = Tsn.of(value.u32())
  value.done()
  return { type: ChunkType.shutdown, cumulativeTsn }
}

export function encodeShutdown(writer: Writer, chunk: ShutdownChunk): void {
  const start = openChunk(writer, ChunkType.shutdown, 0)
  writer.u32(chunk.cumulativeTsn)
  closeChunk(writer, start)
}
