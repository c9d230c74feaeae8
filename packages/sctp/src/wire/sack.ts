import type { Reader, Writer } from '@purertc/bytes'

import { put16, put32 } from '../big-endian.ts'
import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * SACK chunk, RFC 9260 §3.3.4.
 *
 *     |   Type = 3    |  Chunk Flags  |         Chunk Length          |
 *     |                      Cumulative TSN Ack                       |
 *     |          Advertised Receiver Window Credit (a_rwnd)           |
 *     | Number of Gap Ack Blocks = N  |  Number of Duplicate TSNs = M |
 *     |    Gap Ack Block #1 Start     |     Gap Ack Block #1 End      |
 *     |                              ...                              |
 *     |                        Duplicate TSN 1                        |
 *     |                              ...                              |
 */
export interface SackChunk {
  readonly type: typeof ChunkType.sack
  readonly cumulativeTsn: Tsn
  readonly receiverWindow: number
  /** Offsets from the cumulative TSN, both ends included. */
  readonly gaps: readonly GapBlock[]
  readonly duplicates: readonly Tsn[]
}

export interface GapBlock {
  readonly start: number
  readonly end: number
}

/** Chunk header and the fields before the blocks. */
export const sackHeaderLength = 16

export function decodeSack(value: Reader): SackChunk {
  const cumulativeTsn = Tsn.of(value.u32())
  const receiverWindow = value.u32()
  const gapCount = value.u16()
  const duplicateCount = value.u16()
  const gaps: GapBlock[] = []
  const duplicates: Tsn[] = []
  for (let i = 0; i < gapCount; i++) gaps.push({ start: value.u16(), end: value.u16() })
  for (let i = 0; i < duplicateCount; i++) duplicates.push(Tsn.of(value.u32()))
  value.done()
  return { type: ChunkType.sack, cumulativeTsn, receiverWindow, gaps, duplicates }
}

export function encodeSack(writer: Writer, chunk: SackChunk): void {
  const start = openChunk(writer, ChunkType.sack, 0)
  writer.u32(chunk.cumulativeTsn)
  writer.u32(chunk.receiverWindow)
  writer.u16(chunk.gaps.length)
  writer.u16(chunk.duplicates.length)
  for (const gap of chunk.gaps) {
    writer.u16(gap.start)
    writer.u16(gap.end)
  }
  for (const duplicate of chunk.duplicates) writer.u32(duplicate)
  closeChunk(writer, start)
}

/** The fixed part of a SACK straight into a packet: the receiver's hot path. The blocks follow it. */
export function putSackHeader(
  into: Uint8Array,
  at: number,
  cumulativeTsn: number,
  receiverWindow: number,
  gapCount: number,
  duplicateCount: number,
): void {
  into[at] = ChunkType.sack
  into[at + 1] = 0
  put16(into, at + 2, sackHeaderLength + 4 * (gapCount + duplicateCount))
  put32(into, at + 4, cumulativeTsn)
  put32(into, at + 8, receiverWindow)
  put16(into, at + 12, gapCount)
  put16(into, at + 14, duplicateCount)
}
