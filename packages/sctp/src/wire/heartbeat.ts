import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { ParameterType } from './parameter-type.ts'
import { closeChunk, closeParameter, openChunk, openParameter, readParameter } from './tlv.ts'

/**
 * HEARTBEAT and HEARTBEAT ACK chunks, RFC 9260 §3.3.5 and §3.3.6: one Heartbeat Info parameter, which the sender
 * alone understands and the peer returns unchanged.
 *
 *     |   Type = 4, 5 |  Chunk Flags  |       Heartbeat Length        |
 *     |    Heartbeat Info Type = 1    |         HB Info Length        |
 *     |                Sender-Specific Heartbeat Info                 |
 */
export interface HeartbeatChunk {
  readonly type: typeof ChunkType.heartbeat | typeof ChunkType.heartbeatAck
  /** Borrowed. */
  readonly info: Uint8Array
}

export function decodeHeartbeat(type: HeartbeatChunk['type'], value: Reader): HeartbeatChunk {
  const parameter = readParameter(value)
  value.done()
  if (parameter.type !== ParameterType.heartbeatInfo)
    throw new DecodeError('invalid', 'a HEARTBEAT carries no Heartbeat Info')
  return { type, info: parameter.value }
}

export function encodeHeartbeat(writer: Writer, chunk: HeartbeatChunk): void {
  const start = openChunk(writer, chunk.type, 0)
  const parameter = openParameter(writer, ParameterType.heartbeatInfo)
  writer.bytes(chunk.info)
  closeParameter(writer, parameter)
  closeChunk(writer, start)
}
