import type { Reader, Writer } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { closeChunk, openChunk, type Parameter, readParameters, writeParameter } from './tlv.ts'

/**
 * INIT and INIT ACK chunks, RFC 9260 §3.3.2 and §3.3.3. An INIT ACK has the same fields and must carry a State
 * Cookie parameter.
 *
 *     |   Type = 1, 2 |  Chunk Flags  |      Chunk Length             |
 *     |                         Initiate Tag                          |
 *     |           Advertised Receiver Window Credit (a_rwnd)          |
 *     |  Number of Outbound Streams   |  Number of Inbound Streams    |
 *     |                          Initial TSN                          |
 *     |              Optional/Variable-Length Parameters              |
 */
export interface InitChunk {
  readonly type: typeof ChunkType.init | typeof ChunkType.initAck
  readonly initiateTag: number
  readonly receiverWindow: number
  readonly outboundStreams: number
  readonly inboundStreams: number
  readonly initialTsn: Tsn
  /** In order of appearance; values are borrowed. */
  readonly parameters: readonly Parameter[]
}

export function decodeInit(type: InitChunk['type'], value: Reader): InitChunk {
  return {
    type,
    initiateTag: value.u32(),
    receiverWindow: value.u32(),
    outboundStreams: value.u16(),
    inboundStreams: value.u16(),
    initialTsn: Tsn.of(value.u32()),
    parameters: readParameters(value),
  }
}

export function encodeInit(writer: Writer, chunk: InitChunk): void {
  const start = openChunk(writer, chunk.type, 0)
  writer.u32(chunk.initiateTag)
  writer.u32(chunk.receiverWindow)
  writer.u16(chunk.outboundStreams)
  writer.u16(chunk.inboundStreams)
  writer.u32(chunk.initialTsn)
  for (const parameter of chunk.parameters) writeParameter(writer, parameter)
  closeChunk(writer, start)
}
