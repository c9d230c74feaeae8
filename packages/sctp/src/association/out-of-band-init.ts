import { equalBytes, Reader, Writer } from '@purertc/bytes'

import { type SctpConfig, type Settings, settle } from '../config.ts'
import { Tsn } from '../tsn.ts'
import { encodeChunk, tryDecodeChunk } from '../wire/chunk.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import type { InitChunk } from '../wire/init.ts'
import { initParameters } from './init-parameters.ts'
import { refusalOf } from './init-refusal.ts'

/**
 * An INIT chunk that travels in a session description instead of a packet (draft-hancke-tsvwg-snap): when both ends
 * have the other's, the association stands as soon as there is a transport, without a round trip. It is for
 * `SctpConfig.exchangedInits`. Throws `SctpError` `invalid-config`.
 */
export function createInit(config: SctpConfig): Uint8Array {
  const settings = settle(config)
  const newNumber = randomNumbers(settings)
  const initiateTag = newNumber()
  const initialTsn = Tsn.of(newNumber())
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

/** `null` where there is to be a handshake. A peer that returns our own INIT does not know what it is. */
export function readExchangedInits({
  exchangedInits,
}: Settings): { local: InitChunk; remote: InitChunk } | null {
  if (!exchangedInits || equalBytes(exchangedInits.local, exchangedInits.remote)) return null
  const local = decodeOutOfBandInit(exchangedInits.local)
  const remote = decodeOutOfBandInit(exchangedInits.remote)
  return local && remote ? { local, remote } : null
}

/** Random numbers of 32 bits. Tags must not be 0 (RFC 9260 §5.3.1), and no other use minds. */
export function randomNumbers(settings: Settings): () => number {
  const bytes = new Uint8Array(4)
  const view = new DataView(bytes.buffer)
  return () => {
    do settings.crypto.randomFill(bytes)
    while (view.getUint32(0) === 0)
    return view.getUint32(0)
  }
}

/** `null` for bytes that are not one whole INIT chunk that an association can begin with. */
export function decodeOutOfBandInit(bytes: Uint8Array): InitChunk | null {
  if (bytes.length < 20 || bytes.length > largestInit || bytes[0] !== ChunkType.init) return null
  const length = (bytes[2]! << 8) | bytes[3]!
  if (length < 20 || ((length + 3) & ~3) < bytes.length || length > bytes.length) return null
  const chunk = tryDecodeChunk(ChunkType.init, bytes[1]!, new Reader(bytes, 4, length))
  if (chunk?.type !== ChunkType.init) return null
  return refusalOf(chunk) === null ? chunk : null
}

/** No INIT that is worth reading is larger. */
const largestInit = 4_096
