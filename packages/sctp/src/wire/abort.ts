import type { Reader, Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { decodeCauses, encodeCause, type ErrorCause } from './error-cause.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * ABORT chunk, RFC 9260 §3.3.7.
 *
 *     |   Type = 6    |  Reserved   |T|            Length             |
 *     |                   zero or more Error Causes                   |
 */
export interface AbortChunk {
  readonly type: typeof ChunkType.abort
  /** The T bit: the packet carries the receiver's own tag back, since the sender knows no association. */
  readonly tagReflected: boolean
  readonly causes: readonly ErrorCause[]
}

export function decodeAbort(flags: number, value: Reader): AbortChunk {
  return { type: ChunkType.abort, tagReflected: (flags & 1) !== 0, causes: decodeCauses(value) }
}

export function encodeAbort(writer: Writer, chunk: AbortChunk): void {
  const start = openChunk(writer, ChunkType.abort, chunk.tagReflected ? 1 : 0)
  for (const cause of chunk.causes) encodeCause(writer, cause)
  closeChunk(writer, start)
}
