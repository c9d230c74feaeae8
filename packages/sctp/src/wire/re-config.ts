import { DecodeError, Reader, type Writer } from '@purertc/bytes'

import { Tsn } from '../tsn.ts'
import { ChunkType } from './chunk-type.ts'
import { ParameterType } from './parameter-type.ts'
import { closeChunk, closeParameter, openChunk, openParameter, readParameters } from './tlv.ts'

/**
 * RE-CONFIG chunk, RFC 6525 §3.1: one or two parameters.
 *
 *     | Type = 130    |  Chunk Flags  |      Chunk Length             |
 *     |                  Re-configuration Parameter                   |
 *     |             Re-configuration Parameter (optional)             |
 */
export interface ReConfigChunk {
  readonly type: typeof ChunkType.reConfig
  readonly parameters: readonly ReConfigParameter[]
}

export type ReConfigParameter = OutgoingResetRequest | ReConfigResponse | OtherReConfigRequest

/**
 * Outgoing SSN Reset Request, RFC 6525 §4.1.
 *
 *     |     Parameter Type = 13       | Parameter Length = 16 + 2 * N |
 *     |           Re-configuration Request Sequence Number            |
 *     |           Re-configuration Response Sequence Number           |
 *     |                Sender's Last Assigned TSN                     |
 *     |  Stream Number 1 (optional)   |    Stream Number 2 (optional) |
 */
export interface OutgoingResetRequest {
  readonly type: typeof ParameterType.outgoingReset
  readonly requestSequence: number
  readonly responseSequence: number
  readonly lastTsn: Tsn
  /** None means all. */
  readonly streams: readonly number[]
}

/**
 * Re-configuration Response, RFC 6525 §4.4.
 *
 *     |     Parameter Type = 16       |      Parameter Length         |
 *     |         Re-configuration Response Sequence Number             |
 *     |                            Result                             |
 */
export interface ReConfigResponse {
  readonly type: typeof ParameterType.reconfigResponse
  readonly responseSequence: number
  readonly result: number
}

/** Requests that data channels never make (RFC 6525 §4.2, §4.3, §4.5, §4.6): known by number, always denied. */
export interface OtherReConfigRequest {
  readonly type:
    | typeof ParameterType.incomingReset
    | typeof ParameterType.tsnReset
    | typeof ParameterType.addOutgoingStreams
    | typeof ParameterType.addIncomingStreams
  readonly requestSequence: number
  /** What follows the sequence number. Borrowed. */
  readonly rest: Uint8Array
}

/** RFC 6525 §4.4. */
export const ReConfigResult = {
  nothingToDo: 0,
  performed: 1,
  denied: 2,
  wrongStream: 3,
  requestInProgress: 4,
  badSequenceNumber: 5,
  inProgress: 6,
} as const

export function decodeReConfig(value: Reader): ReConfigChunk {
  const parameters = readParameters(value)
  if (parameters.length === 0 || parameters.length > 2)
    throw new DecodeError('invalid', 'a RE-CONFIG has one parameter or two')
  return {
    type: ChunkType.reConfig,
    parameters: parameters.map(({ type, value: bytes }) => decodeParameter(type, new Reader(bytes))),
  }
}

export function encodeReConfig(writer: Writer, chunk: ReConfigChunk): void {
  const start = openChunk(writer, ChunkType.reConfig, 0)
  for (const parameter of chunk.parameters) {
    const inner = openParameter(writer, parameter.type)
    encodeParameter(writer, parameter)
    closeParameter(writer, inner)
  }
  closeChunk(writer, start)
}

function decodeParameter(type: number, value: Reader): ReConfigParameter {
  switch (type) {
    case ParameterType.outgoingReset: {
      const requestSequence = value.u32()
      const responseSequence = value.u32()
      const lastTsn = Tsn.of(value.u32())
      const streams: number[] = []
      while (!value.isEmpty) streams.push(value.u16())
      return { type, requestSequence, responseSequence, lastTsn, streams }
    }
    case ParameterType.reconfigResponse: {
      const responseSequence = value.u32()
      const result = value.u32()
      // A response to a TSN reset has two more fields; we never ask for one.
      return { type, responseSequence, result }
    }
    case ParameterType.incomingReset:
    case ParameterType.tsnReset:
    case ParameterType.addOutgoingStreams:
    case ParameterType.addIncomingStreams:
      return { type, requestSequence: value.u32(), rest: value.rest() }
    default:
      throw new DecodeError('invalid', `unknown re-configuration parameter ${type}`)
  }
}

function encodeParameter(writer: Writer, parameter: ReConfigParameter): void {
  switch (parameter.type) {
    case ParameterType.outgoingReset:
      writer.u32(parameter.requestSequence)
      writer.u32(parameter.responseSequence)
      writer.u32(parameter.lastTsn)
      for (const stream of parameter.streams) writer.u16(stream)
      break
    case ParameterType.reconfigResponse:
      writer.u32(parameter.responseSequence)
      writer.u32(parameter.result)
      break
    default:
      writer.u32(parameter.requestSequence)
      writer.bytes(parameter.rest)
  }
}
