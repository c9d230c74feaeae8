import type { Reader, Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * SHUTDOWN COMPLETE chunk, RFC 9260 §3.3.13.
 *
 *     |   Type = 14   |  Reserved   |T|          Length = 4           |
 */
export interface ShutdownCompleteChunk {
  readonly type: typeof ChunkType.shutdownComplete
  /** The T bit: the packet carries the receiver's own tag back, since the sender knows no association. */
  readonly tagReflected: boolean
}

export function decodeShutdownComplete(flags: number, value: Reader): ShutdownCompleteChunk {
  value.done()
  return { type: ChunkType.shutdownComplete, tagReflected: (flags & 1) !== 0 }
}

export function encodeShutdownComplete(writer: Writer, chunk: ShutdownCompleteChunk): void {
  closeChunk(writer, openChunk(writer, ChunkType.shutdownComplete, chunk.tagReflected ? 1 : 0))
}
