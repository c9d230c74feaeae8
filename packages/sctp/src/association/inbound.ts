import { copyBytes, type Millis, Reader } from '@purertc/bytes'

import type { Receiver } from '../receive/receiver.ts'
import type { Sender } from '../send/sender.ts'
import { Tsn } from '../tsn.ts'
import type { AbortChunk } from '../wire/abort.ts'
import { type Chunk, tryDecodeChunk } from '../wire/chunk.ts'
import { ChunkType, unknownTypeAction } from '../wire/chunk-type.ts'
import { dataHeaderLength } from '../wire/data.ts'
import { iDataHeaderLength } from '../wire/i-data.ts'
import { CauseCode, describeCause, invalidStreamCause } from '../wire/error-cause.ts'
import { commonHeaderLength, packetChecksum } from '../wire/packet.ts'
import { sackHeaderLength } from '../wire/sack.ts'
import type { Context } from './context.ts'
import type { Handshake } from './handshake.ts'
import type { PathMonitor } from '../path/path-monitor.ts'
import type { PathMtu } from '../path/path-mtu.ts'
import type { Shutdown } from './shutdown.ts'
import type { StreamReset } from './stream-reset.ts'

/** Reads packets: checks them, walks their chunks and hands each to its part, RFC 9260 §8.5 and §3. */
export class Inbound {
  readonly #context: Context
  readonly #handshake: Handshake
  readonly #path: PathMonitor
  readonly #pathMtu: PathMtu
  readonly #shutdown: Shutdown
  #sender: Sender
  #receiver: Receiver | undefined
  #streamReset: StreamReset | undefined
  /** Packets mostly come in the same memory: its view is kept. */
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(
    context: Context,
    handshake: Handshake,
    path: PathMonitor,
    pathMtu: PathMtu,
    shutdown: Shutdown,
    sender: Sender,
  ) {
    this.#context = context
    this.#handshake = handshake
    this.#path = path
    this.#pathMtu = pathMtu
    this.#shutdown = shutdown
    this.#sender = sender
  }

  /** The association stands: these take its chunks from now on. */
  attach(sender: Sender, receiver: Receiver, streamReset: StreamReset | undefined): void {
    this.#sender = sender
    this.#receiver = receiver
    this.#streamReset = streamReset
  }

  handlePacket(now: Millis, packet: Uint8Array): void {
    if (!this.#isIntact(packet)) return
    const tag = read32(packet, 4)
    const firstType = packet[commonHeaderLength]!
    const state = this.#context.state
    if (state === 'closed') {
      this.#answerStray(tag, firstType, packet)
    } else if (firstType === ChunkType.init) {
      this.#handleInit(now, tag, packet)
    } else if (firstType === ChunkType.cookieEcho || this.#isTagRight(tag, firstType, packet)) {
      this.#handleChunks(now, tag, packet)
    } else if (firstType === ChunkType.shutdownAck && state === 'cookie-wait') {
      this.#shutdown.handleShutdownAck(tag)
    } else {
      this.#context.discarded.count('wrong-tag')
    }
  }

  #isIntact(packet: Uint8Array): boolean {
    const { discarded, settings } = this.#context
    if (packet.length < commonHeaderLength + 4) {
      discarded.count('too-short')
      return false
    }
    if (this.#view.buffer !== packet.buffer) this.#view = new DataView(packet.buffer)
    const start = packet.byteOffset
    const checksum = this.#view.getUint32(start + 8, true)
    // RFC 9653 §5.3: DTLS has checked the packet; an INIT comes before anything is agreed.
    const isExempt = checksum === 0 && settings.zeroChecksum && packet[commonHeaderLength] !== ChunkType.init
    if (!isExempt && checksum !== packetChecksum(this.#view, start, start + packet.length)) {
      discarded.count('bad-checksum')
      return false
    }
    const source = (packet[0]! << 8) | packet[1]!
    const destination = (packet[2]! << 8) | packet[3]!
    if (source === settings.remotePort && destination === settings.localPort) return true
    discarded.count('wrong-port')
    return false
  }

  /** RFC 9260 §8.5 and, for the T bit, §8.5.1 B and C. */
  #isTagRight(tag: number, firstType: number, packet: Uint8Array): boolean {
    if (firstType === ChunkType.abort || firstType === ChunkType.shutdownComplete) {
      const isReflected = (packet[commonHeaderLength + 1]! & 1) !== 0
      if (isReflected) return tag === this.#context.peerTag && tag !== 0
    }
    return tag === this.#handshake.localTag
  }

  /** An INIT is alone in its packet, whose tag is 0 (RFC 9260 §8.5.1 A). */
  #handleInit(now: Millis, tag: number, packet: Uint8Array): void {
    const { discarded, output, state } = this.#context
    const length = read16(packet, commonHeaderLength + 2)
    if (tag !== 0 || commonHeaderLength + ((length + 3) & ~3) < packet.length) {
      discarded.count('not-alone')
      return
    }
    const chunk = this.#decode(
      packet,
      commonHeaderLength,
      Math.min(commonHeaderLength + length, packet.length),
    )
    if (chunk?.type !== ChunkType.init) return
    if (state === 'shutdown-ack-sent') output.queue({ type: ChunkType.shutdownAck })
    else this.#handshake.handleInit(now, chunk)
  }

  #handleChunks(now: Millis, tag: number, packet: Uint8Array): void {
    const context = this.#context
    const end = packet.length
    let at = commonHeaderLength
    while (at + 4 <= end) {
      const length = read16(packet, at + 2)
      if (length < 4 || at + length > end) break
      const type = packet[at]!
      let goOn = true
      if (type === ChunkType.data) this.#handleData(now, packet, at, at + length)
      else if (type === ChunkType.iData) goOn = this.#handleIData(now, packet, at, at + length)
      else if (type === ChunkType.sack) this.#handleSack(now, packet, at, length)
      else goOn = this.#handleControl(now, tag, packet, at, at + length)
      if (!goOn || context.state === 'closed') return
      at += (length + 3) & ~3
    }
    if (at < end) context.discarded.count('malformed-chunk')
    this.#receiver?.endPacket(now)
  }

  #handleData(now: Millis, packet: Uint8Array, at: number, end: number): void {
    const context = this.#context
    const receiver = this.#receiver
    const { state, discarded } = context
    // RFC 9260 §6: in any other state DATA is thrown away.
    if (!receiver || (state !== 'established' && state !== 'shutdown-pending' && state !== 'shutdown-sent')) {
      discarded.count('unexpected-chunk')
      return
    }
    if (receiver.interleaves !== (packet[at] === ChunkType.iData)) {
      context.misbehaved(CauseCode.protocolViolation, 'DATA where I-DATA was agreed on')
      return
    }
    const length = end - at - (receiver.interleaves ? iDataHeaderLength : dataHeaderLength)
    if (length <= 0) {
      if (length < 0) discarded.count('malformed-chunk')
      else context.misbehaved(CauseCode.noUserData, 'a DATA chunk without user data')
      return
    }
    const before = receiver.cumulativeTsn
    const verdict = receiver.handleData(packet, at, end)
    if (verdict === 'violation') {
      context.misbehaved(CauseCode.protocolViolation, 'fragments that do not fit together')
      return
    }
    if (verdict === 'too-large') {
      const message = `a message of more than ${context.settings.maxMessageSize} bytes`
      context.misbehaved(CauseCode.protocolViolation, message)
      return
    }
    if (verdict !== 'accepted') discarded.count(verdict)
    if (verdict === 'invalid-stream' && context.output.queuedChunks < mostReports) {
      const cause = invalidStreamCause(read16(packet, at + 8))
      context.output.queue({ type: ChunkType.error, causes: [cause] })
    }
    if (state === 'shutdown-sent') this.#shutdown.repeat(now, receiver.cumulativeTsn)
    if (receiver.cumulativeTsn !== before) this.#streamReset?.advanced()
  }

  /** Returns whether the rest of the packet is to be read: what was not agreed on is unknown (RFC 9260 §3.2). */
  #handleIData(now: Millis, packet: Uint8Array, at: number, end: number): boolean {
    if (this.#receiver?.interleaves === true) {
      this.#handleData(now, packet, at, end)
      return true
    }
    this.#reportUnknown(packet, at, end)
    return false
  }

  #handleSack(now: Millis, packet: Uint8Array, at: number, length: number): void {
    const { discarded } = this.#context
    if (!this.#receiver) {
      discarded.count('unexpected-chunk')
      return
    }
    if (length < sackHeaderLength) {
      discarded.count('malformed-chunk')
      return
    }
    const blocks = read16(packet, at + 12) + read16(packet, at + 14)
    if (length !== sackHeaderLength + 4 * blocks) {
      discarded.count('malformed-chunk')
      return
    }
    const verdict = this.#sender.handleSack(
      now,
      packet,
      at,
      Tsn.of(read32(packet, at + 4)),
      read32(packet, at + 8),
    )
    if (verdict === 'old') discarded.count('old-sack')
    else if (verdict === 'invalid') discarded.count('invalid-sack')
    else if (this.#sender.hasProgressed) this.#path.confirmed()
  }

  /** Returns whether the rest of the packet is to be read. */
  #handleControl(now: Millis, tag: number, packet: Uint8Array, at: number, end: number): boolean {
    const chunk = this.#decode(packet, at, end)
    if (!chunk) return !unknownTypeAction(packet[at]! >>> 6).stop || isKnown(packet[at]!)
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
        if (this.#receiver) {
          this.#handleEstablished(now, chunk, this.#receiver)
          return true
        }
    }
    this.#context.discarded.count('unexpected-chunk')
    return true
  }

  /** Chunks that only an association that stands can take. */
  #handleEstablished(now: Millis, chunk: Chunk, receiver: Receiver): void {
    const { discarded, output } = this.#context
    switch (chunk.type) {
      case ChunkType.heartbeat:
        output.queue({ type: ChunkType.heartbeatAck, info: chunk.info })
        break
      case ChunkType.heartbeatAck:
        if (this.#pathMtu.handleHeartbeatAck(now, chunk.info)) this.#path.confirmed()
        else if (this.#path.handleHeartbeatAck(now, chunk.info)) this.#sender.pathAnswered(now)
        break
      case ChunkType.forwardTsn:
        if (receiver.interleaves) discarded.count('unexpected-chunk')
        else if (!receiver.handleForwardTsn(chunk)) discarded.count('invalid-forward-tsn')
        else this.#streamReset?.advanced()
        break
      case ChunkType.iForwardTsn:
        if (!receiver.interleaves) discarded.count('unexpected-chunk')
        else if (!receiver.handleIForwardTsn(chunk)) discarded.count('invalid-forward-tsn')
        else this.#streamReset?.advanced()
        break
      case ChunkType.reConfig:
        if (this.#streamReset) this.#streamReset.handleReConfig(chunk)
        else discarded.count('unexpected-chunk')
        break
      case ChunkType.shutdown:
        if (this.#sender.handleCumulativeAck(now, chunk.cumulativeTsn)) this.#shutdown.handleShutdown(now)
        else discarded.count('invalid-sack')
        break
      default:
        discarded.count('unexpected-chunk')
    }
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

  /** RFC 9260 §8.4: what comes after the end is told that there is nothing here. */
  #answerStray(tag: number, firstType: number, packet: Uint8Array): void {
    const { discarded, output } = this.#context
    discarded.count('unexpected-chunk')
    if (firstType === ChunkType.shutdownAck) {
      this.#shutdown.handleShutdownAck(tag)
    } else if (firstType === ChunkType.init) {
      const initiateTag = packet.length >= 20 ? read32(packet, commonHeaderLength + 4) : 0
      if (initiateTag !== 0)
        output.queueAlone(initiateTag, { type: ChunkType.abort, tagReflected: false, causes: [] })
    } else if (!silentTypes.has(firstType)) {
      output.queueAlone(tag, { type: ChunkType.abort, tagReflected: true, causes: [] })
    }
  }

  /** `null`, counted and where the type asks for it reported, for a chunk that is malformed or unknown. */
  #decode(packet: Uint8Array, at: number, end: number): Chunk | null {
    const { discarded } = this.#context
    const type = packet[at]!
    const length = read16(packet, at + 2)
    const chunk =
      length < 4 || at + length > end
        ? null
        : tryDecodeChunk(type, packet[at + 1]!, new Reader(packet, at + 4, end))
    if (chunk) return chunk
    if (isKnown(type)) {
      discarded.count('malformed-chunk')
      return null
    }
    this.#reportUnknown(packet, at, end)
    return null
  }

  #reportUnknown(packet: Uint8Array, at: number, end: number): void {
    const { discarded, output } = this.#context
    discarded.count('unknown-chunk')
    // RFC 9260 §3.2; only a peer that stands can be told.
    if (this.#receiver && unknownTypeAction(packet[at]! >>> 6).report && output.queuedChunks < mostReports)
      output.queue({
        type: ChunkType.error,
        causes: [
          {
            type: CauseCode.unrecognizedChunkType,
            value: copyBytes(packet, at, Math.min(end, at + longestReport)),
          },
        ],
      })
  }
}

/** Chunks that must not be answered with an ABORT, RFC 9260 §8.4. */
const silentTypes: ReadonlySet<number> = new Set([
  ChunkType.abort,
  ChunkType.shutdownComplete,
  ChunkType.cookieAck,
  ChunkType.error,
  ChunkType.heartbeatAck,
])

const knownTypes: ReadonlySet<number> = new Set(Object.values(ChunkType))
const isKnown = (type: number): boolean => knownTypes.has(type)

/** A packet of a hundred faulty chunks is not worth a hundred reports. */
const mostReports = 8

/** Of an unknown chunk so much is sent back that the report fits a packet. */
const longestReport = 256

function read16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!
}

function read32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
