import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { decodeCauses, encodeCause, type ErrorCause } from './error-cause.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * ERROR chunk, RFC 9260 §3.3.10.
 *
 *     |   Type = 9    |  Chunk Flags  |            Length             |
 *     |                   one or more Error Causes                    |
 */
export interface ErrorChunk {
  readonly type: typeof ChunkType.error
  readonly causes: readonly ErrorCause[]
}

export function decodeError(value: Reader): ErrorChunk {
  const causes = decodeCauses(value)
  if (causes.length === 0) throw new DecodeError('invalid', 'an ERROR names no cause')
  return { type: ChunkType.error, causes }
}

export function encodeError(writer: Writer, chunk: ErrorChunk): void {
  const start = openChunk(writer, ChunkType.error, 0)
  for (const cause of chunk.causes) encodeCause(writer, cause)
  closeChunk(writer, start)
}
