import type { Millis } from '@purertc/bytes'

import type { PathMonitor } from '../path/path-monitor.ts'
import type { PathMtu } from '../path/path-mtu.ts'
import type { Receiver } from '../receive/receiver.ts'
import type { AbortChunk } from '../wire/abort.ts'
import type { Chunk } from '../wire/chunk.ts'
import { ChunkType, isKnownType, unknownTypeAction } from '../wire/chunk-type.ts'
import { CauseCode, describeCause } from '../wire/error-cause.ts'
import type { ForwardTsnChunk } from '../wire/forward-tsn.ts'
import type { HeartbeatChunk } from '../wire/heartbeat.ts'
import type { IForwardTsnChunk } from '../wire/i-forward-tsn.ts'
import { commonHeaderLength } from '../wire/packet.ts'
import type { ChunkReader } from './chunk-reader.ts'
import type { Context } from './context.ts'
import type { Handshake } from './handshake.ts'
import type { Shutdown } from './shutdown.ts'
import type { Transfer } from './transfer.ts'

/** Hands each control chunk to the part that it concerns. */
export class InboundControl {
  readonly #context: Context
  readonly #transfer: Transfer
  readonly #handshake: Handshake
  readonly #path: PathMonitor
  readonly #pathMtu: PathMtu
  readonly #shutdown: Shutdown
  readonly #chunks: ChunkReader

  constructor(
    context: Context,
    transfer: Transfer,
    handshake: Handshake,
    path: PathMonitor,
    pathMtu: PathMtu,
    shutdown: Shutdown,
    chunks: ChunkReader,
  ) {
    this.#context = context
    this.#transfer = transfer
    this.#handshake = handshake
    this.#path = path
    this.#pathMtu = pathMtu
    this.#shutdown = shutdown
    this.#chunks = chunks
  }

  /** Returns whether the rest of the packet is to be read. */
  handle(now: Millis, tag: number, packet: Uint8Array, at: number, end: number): boolean {
    const chunk = this.#chunks.read(packet, at, end)
    if (!chunk) return !unknownTypeAction(packet[at]! >>> 6).stop || isKnownType(packet[at]!)
    switch (chunk.type) {
      case ChunkType.cookieEcho:
        if (at === commonHeaderLength) return this.#handshake.handleCookieEcho(now, chunk.cookie, tag)
        break
      case ChunkType.initAck:
        if (at === commonHeaderLength && end + 3 >= packet.length) {
          this.#handshake.handleInitAck(now, chunk)
          return false
        }
        break
      case ChunkType.pad:
        return true
      case ChunkType.heartbeat:
        this.#handleHeartbeat(chunk)
        return true
      case ChunkType.cookieAck:
        this.#handshake.handleCookieAck(now)
        return true
      case ChunkType.abort:
        this.#handleAbort(chunk)
        return false
      case ChunkType.shutdownComplete:
        this.#shutdown.handleShutdownComplete()
        return true
      case ChunkType.shutdownAck:
        this.#shutdown.handleShutdownAck(tag)
        return true
      case ChunkType.error:
        this.#context.discarded.count('reported-error')
        if (chunk.causes.some(({ type }) => type === CauseCode.staleCookie))
          this.#handshake.handleStaleCookie(now)
        return true
      default:
        if (this.#transfer.receiver) {
          this.#handleEstablished(now, chunk, this.#transfer.receiver)
          return true
        }
    }
    this.#context.discarded.count('unexpected-chunk')
    return true
  }

  /** Chunks that only an association that stands can take. */
  #handleEstablished(now: Millis, chunk: Chunk, receiver: Receiver): void {
    const { discarded } = this.#context
    const { sender, streamReset } = this.#transfer
    switch (chunk.type) {
      case ChunkType.heartbeatAck:
        if (this.#pathMtu.handleHeartbeatAck(now, chunk.info)) this.#path.confirmed()
        else if (this.#path.handleHeartbeatAck(now, chunk.info)) sender.pathAnswered(now)
        break
      case ChunkType.forwardTsn:
      case ChunkType.iForwardTsn:
        this.#handleForwardTsn(chunk, receiver)
        break
      case ChunkType.reConfig:
        if (streamReset) streamReset.handleReConfig(chunk)
        else discarded.count('unexpected-chunk')
        break
      case ChunkType.shutdown:
        if (sender.handleCumulativeAck(now, chunk.cumulativeTsn)) this.#shutdown.handleShutdown(now)
        else discarded.count('invalid-sack')
        break
      default:
        discarded.count('unexpected-chunk')
    }
  }

  /** RFC 9260 §8.3: answered unchanged, from COOKIE-ECHOED on. */
  #handleHeartbeat(chunk: HeartbeatChunk): void {
    const { state, discarded, output } = this.#context
    if (this.#transfer.receiver || state === 'cookie-echoed')
      output.queue({ ...chunk, type: ChunkType.heartbeatAck })
    else discarded.count('unexpected-chunk')
  }

  #handleForwardTsn(chunk: ForwardTsnChunk | IForwardTsnChunk, receiver: Receiver): void {
    if (receiver.interleaves !== (chunk.type === ChunkType.iForwardTsn)) {
      const message = 'FORWARD TSN and I-FORWARD-TSN: only one of them was agreed on'
      this.#context.misbehaved(CauseCode.protocolViolation, message)
      return
    }
    const isPossible =
      chunk.type === ChunkType.forwardTsn
        ? receiver.handleForwardTsn(chunk)
        : receiver.handleIForwardTsn(chunk)
    if (isPossible) this.#transfer.streamReset?.advanced()
    else this.#context.discarded.count('invalid-forward-tsn')
  }

  #handleAbort(chunk: AbortChunk): void {
    // Before the association there is nothing to abort, RFC 9260 §9.1.
    if (this.#context.state === 'new') {
      this.#context.discarded.count('unexpected-chunk')
      return
    }
    const cause = chunk.causes[0]
    this.#context.end({
      code: 'aborted-by-peer',
      ...(cause ? { cause: cause.type } : {}),
      message: cause ? `the peer aborted: ${describeCause(cause)}` : 'the peer aborted',
    })
  }
}
