import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import { put16, put32 } from '../big-endian.ts'
import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * DATA chunk, RFC 9260 §3.3.1.
 *
 *     |   Type = 0    |  Res  |I|U|B|E|           Length              |
 *     |                              TSN                              |
 *     |      Stream Identifier S      |   Stream Sequence Number n    |
 *     |                  Payload Protocol Identifier                  |
 *     |                 User Data (seq n of Stream S)                 |
 */
export interface DataChunk {
  readonly type: typeof ChunkType.data
  /** Bits of {@link DataFlag}. */
  readonly flags: number
  readonly tsn: Tsn
  readonly stream: number
  readonly ssn: number
  /** Payload protocol identifier. */
  readonly protocol: number
  /** At least one byte. Borrowed. */
  readonly data: Uint8Array
}

export const DataFlag = {
  /** Last fragment of its message. */
  ending: 1,
  /** First fragment of its message. */
  beginning: 2,
  unordered: 4,
  /** The sender asks for a SACK at once, RFC 7053. */
  immediate: 8,
} as const

/** Chunk header and the fields before the user data. */
export const dataHeaderLength = 16

export function decodeData(flags: number, value: Reader): DataChunk {
  const tsn = Tsn.of(value.u32())
  const stream = value.u16()
  const ssn = value.u16()
  const protocol = value.u32()
  if (value.isEmpty) throw new DecodeError('invalid', 'a DATA chunk carries no user data')
  return { type: ChunkType.data, flags: flags & 0x0f, tsn, stream, ssn, protocol, data: value.rest() }
}

export function encodeData(writer: Writer, chunk: DataChunk): void {
  const start = openChunk(writer, ChunkType.data, chunk.flags)
  writer.u32(chunk.tsn)
  writer.u16(chunk.stream)
  writer.u16(chunk.ssn)
  writer.u32(chunk.protocol)
  writer.bytes(chunk.data)
  closeChunk(writer, start)
}

/** The header of a DATA chunk straight into a packet: the sender's hot path. */
export function putDataHeader(
  into: Uint8Array,
  at: number,
  flags: number,
  tsn: number,
  stream: number,
  ssn: number,
  protocol: number,
  dataLength: number,
): void {
  into[at] = ChunkType.data
  into[at + 1] = flags
  put16(into, at + 2, dataHeaderLength + dataLength)
  put32(into, at + 4, tsn)
  put16(into, at + 8, stream)
  put16(into, at + 10, ssn)
  put32(into, at + 12, protocol)
}
