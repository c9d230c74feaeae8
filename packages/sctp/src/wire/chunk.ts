import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import { type AbortChunk, decodeAbort, encodeAbort } from './abort.ts'
import { type BareChunk, decodeBare, encodeBare } from './bare.ts'
import { ChunkType } from './chunk-type.ts'
import { type CookieEchoChunk, decodeCookieEcho, encodeCookieEcho } from './cookie-echo.ts'
import { type DataChunk, decodeData, encodeData } from './data.ts'
import { decodeError, encodeError, type ErrorChunk } from './error.ts'
import { decodeForwardTsn, encodeForwardTsn, type ForwardTsnChunk } from './forward-tsn.ts'
import { decodeHeartbeat, encodeHeartbeat, type HeartbeatChunk } from './heartbeat.ts'
import { decodeIData, encodeIData, type IDataChunk } from './i-data.ts'
import { decodeIForwardTsn, encodeIForwardTsn, type IForwardTsnChunk } from './i-forward-tsn.ts'
import { decodeInit, encodeInit, type InitChunk } from './init.ts'
import { decodePad, encodePad, type PadChunk } from './pad.ts'
import { decodeReConfig, encodeReConfig, type ReConfigChunk } from './re-config.ts'
import { decodeSack, encodeSack, type SackChunk } from './sack.ts'
import {
  decodeShutdownComplete,
  encodeShutdownComplete,
  type ShutdownCompleteChunk,
} from './shutdown-complete.ts'
import { decodeShutdown, encodeShutdown, type ShutdownChunk } from './shutdown.ts'

/** Every chunk that this package understands. */
export type Chunk = DataChunk | IDataChunk | ControlChunk

/** Every chunk but DATA and I-DATA. */
export type ControlChunk =
  | InitChunk
  | SackChunk
  | HeartbeatChunk
  | AbortChunk
  | ShutdownChunk
  | BareChunk
  | ErrorChunk
  | CookieEchoChunk
  | ShutdownCompleteChunk
  | ReConfigChunk
  | PadChunk
  | IForwardTsnChunk
  | ForwardTsnChunk

/**
 * Reads the value of one chunk; arrays in it are borrowed. `null` for a type that is unknown. Throws
 * {@link DecodeError} where the value does not fit the type.
 */
export function decodeChunk(type: number, flags: number, value: Reader): Chunk | null {
  switch (type) {
    case ChunkType.data:
      return decodeData(flags, value)
    case ChunkType.iData:
      return decodeIData(flags, value)
    case ChunkType.init:
    case ChunkType.initAck:
      return decodeInit(type, value)
    case ChunkType.sack:
      return decodeSack(value)
    case ChunkType.heartbeat:
    case ChunkType.heartbeatAck:
      return decodeHeartbeat(type, value)
    case ChunkType.abort:
      return decodeAbort(flags, value)
    case ChunkType.shutdown:
      return decodeShutdown(value)
    case ChunkType.shutdownAck:
    case ChunkType.cookieAck:
      return decodeBare(type, value)
    case ChunkType.error:
      return decodeError(value)
    case ChunkType.cookieEcho:
      return decodeCookieEcho(value)
    case ChunkType.shutdownComplete:
      return decodeShutdownComplete(flags, value)
    case ChunkType.reConfig:
      return decodeReConfig(value)
    case ChunkType.pad:
      return decodePad(value)
    case ChunkType.forwardTsn:
      return decodeForwardTsn(value)
    case ChunkType.iForwardTsn:
      return decodeIForwardTsn(value)
    default:
      return null
  }
}

/** Writes one chunk with its padding. */
export function encodeChunk(writer: Writer, chunk: Chunk): void {
  switch (chunk.type) {
    case ChunkType.data:
      encodeData(writer, chunk)
      break
    case ChunkType.iData:
      encodeIData(writer, chunk)
      break
    case ChunkType.init:
    case ChunkType.initAck:
      encodeInit(writer, chunk)
      break
    case ChunkType.sack:
      encodeSack(writer, chunk)
      break
    case ChunkType.heartbeat:
    case ChunkType.heartbeatAck:
      encodeHeartbeat(writer, chunk)
      break
    case ChunkType.abort:
      encodeAbort(writer, chunk)
      break
    case ChunkType.shutdown:
      encodeShutdown(writer, chunk)
      break
    case ChunkType.shutdownAck:
    case ChunkType.cookieAck:
      encodeBare(writer, chunk)
      break
    case ChunkType.error:
      encodeError(writer, chunk)
      break
    case ChunkType.cookieEcho:
      encodeCookieEcho(writer, chunk)
      break
    case ChunkType.shutdownComplete:
      encodeShutdownComplete(writer, chunk)
      break
    case ChunkType.reConfig:
      encodeReConfig(writer, chunk)
      break
    case ChunkType.pad:
      encodePad(writer, chunk)
      break
    case ChunkType.forwardTsn:
      encodeForwardTsn(writer, chunk)
      break
    case ChunkType.iForwardTsn:
      encodeIForwardTsn(writer, chunk)
      break
  }
}

/** Like {@link decodeChunk}, for callers to whom a malformed chunk is noise: it too is `null`. */
export function tryDecodeChunk(type: number, flags: number, value: Reader): Chunk | null {
  try {
    return decodeChunk(type, flags, value)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}
