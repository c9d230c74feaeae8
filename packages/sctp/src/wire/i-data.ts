import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import { put16, put32 } from '../big-endian.ts'
import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { DataFlag } from './data.ts'
import { closeChunk, openChunk } from './tlv.ts'

/**
 * I-DATA chunk, RFC 8260 §2.1: fragments of different messages may mix, since each says which it belongs to.
 *
 *     |   Type = 64   |  Res  |I|U|B|E|       Length = Variable       |
 *     |                              TSN                              |
 *     |        Stream Identifier      |           Reserved            |
 *     |                      Message Identifier                       |
 *     |    Payload Protocol Identifier / Fragment Sequence Number     |
 *     |                           User Data                           |
 */
export interface IDataChunk {
  readonly type: typeof ChunkType.iData
  /** Bits of {@link DataFlag}. */
  readonly flags: number
  readonly tsn: Tsn
  readonly stream: number
  /** Message identifier: ordered and unordered messages of a stream are counted apart. */
  readonly mid: number
  /** Payload protocol identifier in a first fragment, whose number is 0; fragment sequence number in others. */
  readonly protocolOrFsn: number
  /** At least one byte. Borrowed. */
  readonly data: Uint8Array
}

/** Chunk header and the fields before the user data. */
export const iDataHeaderLength = 20

export function decodeIData(flags: number, value: Reader): IDataChunk {
  const tsn = Tsn.of(value.u32())
  const stream = value.u16()
  value.skip(2)
  const mid = value.u32()
  const protocolOrFsn = value.u32()
  if (value.isEmpty) throw new DecodeError('invalid', 'an I-DATA chunk carries no user data')
  return { type: ChunkType.iData, flags: flags & 0x0f, tsn, stream, mid, protocolOrFsn, data: value.rest() }
}

export function encodeIData(writer: Writer, chunk: IDataChunk): void {
  const start = openChunk(writer, ChunkType.iData, chunk.flags)
  writer.u32(chunk.tsn)
  writer.u16(chunk.stream)
  writer.u16(0)
  writer.u32(chunk.mid)
  writer.u32(chunk.protocolOrFsn)
  writer.bytes(chunk.data)
  closeChunk(writer, start)
}

/** The header of an I-DATA chunk straight into a packet: the sender's hot path. */
export function putIDataHeader(
  into: Uint8Array,
  at: number,
  flags: number,
  tsn: number,
  stream: number,
  mid: number,
  protocol: number,
  fsn: number,
  dataLength: number,
): void {
  into[at] = ChunkType.iData
  into[at + 1] = flags
  put16(into, at + 2, iDataHeaderLength + dataLength)
  put32(into, at + 4, tsn)
  put16(into, at + 8, stream)
  put16(into, at + 10, 0)
  put32(into, at + 12, mid)
  put32(into, at + 16, flags & DataFlag.beginning ? protocol : fsn)
}
