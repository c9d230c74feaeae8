import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import { ChunkType } from './chunk-type.ts'
import { ParameterType } from './parameter-type.ts'
import { closeChunk, openChunk, type Parameter, readParameters, writeParameter } from './tlv.ts'

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
  /** What stands behind it: nothing that anybody is known to send, and returned like it (RFC 9260 §8.3). */
  readonly others?: readonly Parameter[]
}

export function decodeHeartbeat(type: HeartbeatChunk['type'], value: Reader): HeartbeatChunk {
  const [first, ...others] = readParameters(value)
  if (first?.type !== ParameterType.heartbeatInfo)
    throw new DecodeError('invalid', 'a HEARTBEAT carries no Heartbeat Info')
  return { type, info: first.value, ...(others.length > 0 && { others }) }
}

export function encodeHeartbeat(writer: Writer, { type, info, others = [] }: HeartbeatChunk): void {
  const start = openChunk(writer, type, 0)
  writeParameter(writer, { type: ParameterType.heartbeatInfo, value: info })
  for (const parameter of others) writeParameter(writer, parameter)
  closeChunk(writer, start)
}
