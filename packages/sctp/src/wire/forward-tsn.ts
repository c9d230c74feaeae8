import type { Reader, Writer } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * FORWARD TSN chunk, RFC 3758 §3.2: the receiver must take everything up to the new cumulative TSN as received.
 *
 *     |   Type = 192  |  Flags = 0x00 |        Length = Variable      |
 *     |                      New Cumulative TSN                       |
 *     |         Stream-1              |       Stream Sequence-1       |
 *     |                              ...                              |
 */
export interface ForwardTsnChunk {
  readonly type: typeof ChunkType.forwardTsn
  readonly newCumulativeTsn: Tsn
  /** The highest sequence number skipped of each ordered stream that lost a message. */
  readonly skips: readonly SkippedStream[]
}

export interface SkippedStream {
  readonly stream: number
  readonly ssn: number
}

export function decodeForwardTsn(value: Reader): ForwardTsnChunk {
  const newCumulativeTsn = Tsn.of(value.u32())
  const skips: SkippedStream[] = []
  while (!value.isEmpty) skips.push({ stream: value.u16(), ssn: value.u16() })
  return { type: ChunkType.forwardTsn, newCumulativeTsn, skips }
}

export function encodeForwardTsn(writer: Writer, chunk: ForwardTsnChunk): void {
  const start = openChunk(writer, ChunkType.forwardTsn, 0)
  writer.u32(chunk.newCumulativeTsn)
  for (const skip of chunk.skips) {
    writer.u16(skip.stream)
    writer.u16(skip.ssn)
  }
  closeChunk(writer, start)
}
