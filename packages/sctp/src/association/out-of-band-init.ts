import { Reader, Writer } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import type { Tsn } from '../tsn.ts'
import { encodeChunk, tryDecodeChunk } from '../wire/chunk.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import type { InitChunk } from '../wire/init.ts'
import { initParameters } from './init-parameters.ts'

/**
 * An INIT chunk that travels in a session description instead of a packet (draft-hancke-tsvwg-snap): when both ends
 * have the other's, the association stands as soon as there is a transport, without a round trip.
 */
export function encodeInitFor(settings: Settings, initiateTag: number, initialTsn: Tsn): Uint8Array {
  const writer = new Writer()
  encodeChunk(writer, {
    type: ChunkType.init,
    initiateTag,
    receiverWindow: settings.receiveWindow,
    outboundStreams: settings.streams,
    inboundStreams: settings.streams,
    initialTsn,
    parameters: initParameters(settings),
  })
  return writer.finish()
}

/** `null` for bytes that are not one whole INIT chunk that an association can begin with. */
export function decodeOutOfBandInit(bytes: Uint8Array): InitChunk | null {
  if (bytes.length < 20 || bytes.length > largestInit || bytes[0] !== ChunkType.init) return null
  const length = (bytes[2]! << 8) | bytes[3]!
  if (length < 20 || ((length + 3) & ~3) < bytes.length || length > bytes.length) return null
  const chunk = tryDecodeChunk(ChunkType.init, bytes[1]!, new Reader(bytes, 4, length))
  if (chunk?.type !== ChunkType.init) return null
  const isSane = chunk.initiateTag !== 0 && chunk.outboundStreams > 0 && chunk.inboundStreams > 0
  return isSane ? chunk : null
}

/** No INIT that is worth reading is larger. */
const largestInit = 4_096
