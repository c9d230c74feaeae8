import type { Reader, Writer } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * I-FORWARD-TSN chunk, RFC 8260 §2.3.1: FORWARD TSN where messages are interleaved.
 *
 *     |   Type = 194  | Flags = 0x00  |      Length = Variable        |
 *     |                       New Cumulative TSN                      |
 *     |       Stream Identifier       |          Reserved           |U|
 *     |                       Message Identifier                      |
 *     |                              ...                              |
 */
export interface IForwardTsnChunk {
  readonly type: typeof ChunkType.iForwardTsn
  readonly newCumulativeTsn: Tsn
  /** The highest message identifier skipped, of each stream and kind that lost a message. */
  readonly skips: readonly SkippedMessages[]
}

export interface SkippedMessages {
  readonly stream: number
  readonly unordered: boolean
  readonly mid: number
}

export function decodeIForwardTsn(value: Reader): IForwardTsnChunk {
  const newCumulativeTsn = Tsn.of(value.u32())
  const skips: SkippedMessages[] = []
  while (!value.isEmpty)
    skips.push({ stream: value.u16(), unordered: (value.u16() & 1) !== 0, mid: value.u32() })
  return { type: ChunkType.iForwardTsn, newCumulativeTsn, skips }
}

export function encodeIForwardTsn(writer: Writer, chunk: IForwardTsnChunk): void {
  const start = openChunk(writer, ChunkType.iForwardTsn, 0)
  writer.u32(chunk.newCumulativeTsn)
  for (const { stream, unordered, mid } of chunk.skips) {
    writer.u16(stream)
    writer.u16(unordered ? 1 : 0)
    writer.u32(mid)
  }
  closeChunk(writer, start)
}
