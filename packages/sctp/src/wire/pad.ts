import type { Reader, Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * PAD chunk, RFC 4820 §3: makes a packet larger, and means nothing.
 *
 *     | Type = 0x84   |   Flags=0     |             Length            |
 *     |                         Padding Data                          |
 */
export interface PadChunk {
  readonly type: typeof ChunkType.pad
  /** Bytes of padding data. */
  readonly padding: number
}

export function decodePad(value: Reader): PadChunk {
  return { type: ChunkType.pad, padding: value.rest().length }
}

export function encodePad(writer: Writer, chunk: PadChunk): void {
  const start = openChunk(writer, ChunkType.pad, 0)
  writer.zeros(chunk.padding)
  closeChunk(writer, start)
}
