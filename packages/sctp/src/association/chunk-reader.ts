import { copyBytes, Reader } from '@purertc/bytes'

import { read16 } from '../big-endian.ts'
import { type Chunk, tryDecodeChunk } from '../wire/chunk.ts'
import { ChunkType, isKnownType, unknownTypeAction } from '../wire/chunk-type.ts'
import { CauseCode, type ErrorCause } from '../wire/error-cause.ts'
import type { Context } from './context.ts'
import type { Transfer } from './transfer.ts'

/** Decodes control chunks, and tells the peer of those that it asks to be told of, RFC 9260 §3.2. */
export class ChunkReader {
  readonly #context: Context
  readonly #transfer: Transfer

  constructor(context: Context, transfer: Transfer) {
    this.#context = context
    this.#transfer = transfer
  }

  /** `null`, counted and where the type asks for it reported, for a chunk that is malformed or unknown. */
  read(packet: Uint8Array, at: number, end: number): Chunk | null {
    const type = packet[at]!
    const length = read16(packet, at + 2)
    const chunk =
      length < 4 || at + length > end
        ? null
        : tryDecodeChunk(type, packet[at + 1]!, new Reader(packet, at + 4, end))
    if (chunk) return chunk
    if (isKnownType(type)) this.#context.discarded.count('malformed-chunk')
    else this.#reportUnknown(packet, at, end)
    return null
  }

  /** Sends an ERROR. Only a peer that stands can be told. */
  report(cause: ErrorCause): void {
    const { output } = this.#context
    if (this.#transfer.receiver && output.queuedChunks < mostReports)
      output.queue({ type: ChunkType.error, causes: [cause] })
  }

  /** RFC 9260 §3.2: the type's high bits say whether to tell. */
  #reportUnknown(packet: Uint8Array, at: number, end: number): void {
    this.#context.discarded.count('unknown-chunk')
    if (!unknownTypeAction(packet[at]! >>> 6).report) return
    const value = copyBytes(packet, at, Math.min(end, at + longestReport))
    this.report({ type: CauseCode.unrecognizedChunkType, value })
  }
}

/** A packet of a hundred faulty chunks is not worth a hundred reports. */
const mostReports = 8

/** Of an unknown chunk so much is sent back that the report fits a packet. */
const longestReport = 256
