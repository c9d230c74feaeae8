import type { Millis } from '@purertc/bytes'

import { read16, read32 } from '../big-endian.ts'
import type { PathMonitor } from '../path/path-monitor.ts'
import type { PathMtu } from '../path/path-mtu.ts'
import { ChunkType } from '../wire/chunk-type.ts'
import { commonHeaderLength, packetChecksum } from '../wire/packet.ts'
import { ChunkReader } from './chunk-reader.ts'
import type { Context } from './context.ts'
import type { Handshake } from './handshake.ts'
import { InboundControl } from './inbound-control.ts'
import { InboundData } from './inbound-data.ts'
import type { Shutdown } from './shutdown.ts'
import type { Transfer } from './transfer.ts'

/** Reads packets: checks them, walks their chunks and hands each to its part, RFC 9260 §8.5 and §3. */
export class Inbound {
  readonly #context: Context
  readonly #handshake: Handshake
  readonly #shutdown: Shutdown
  readonly #chunks: ChunkReader
  readonly #data: InboundData
  readonly #control: InboundControl
  /** Packets mostly come in the same memory: its view is kept. */
  #view: DataView = new DataView(new ArrayBuffer(0))

  constructor(
    context: Context,
    handshake: Handshake,
    path: PathMonitor,
    pathMtu: PathMtu,
    shutdown: Shutdown,
    transfer: Transfer,
  ) {
    const chunks = new ChunkReader(context, transfer)
    this.#context = context
    this.#handshake = handshake
    this.#shutdown = shutdown
    this.#chunks = chunks
    this.#data = new InboundData(context, transfer, path, shutdown, chunks)
    this.#control = new InboundControl(context, transfer, handshake, path, pathMtu, shutdown, chunks)
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
    } else if (
      firstType === ChunkType.shutdownAck &&
      (state === 'cookie-wait' || state === 'cookie-echoed')
    ) {
      // RFC 9260 §8.5.1 E: it is meant for an association of ours that we know nothing of.
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
    const chunk = this.#chunks.read(
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
      if (type === ChunkType.data || type === ChunkType.iData) this.#data.handleData(packet, at, at + length)
      else if (type === ChunkType.sack) this.#data.handleSack(now, packet, at, length)
      else goOn = this.#control.handle(now, tag, packet, at, at + length)
      if (!goOn || context.state === 'closed') return
      at += (length + 3) & ~3
    }
    if (at < end) context.discarded.count('malformed-chunk')
    this.#data.endPacket(now)
  }

  /** RFC 9260 §8.4: what comes after the end is told that there is nothing here. */
  #answerStray(tag: number, firstType: number, packet: Uint8Array): void {
    const { discarded, output } = this.#context
    discarded.count('unexpected-chunk')
    const types = typesOf(packet)
    if (types.has(ChunkType.abort)) return
    if (firstType === ChunkType.init) {
      const initiateTag = packet.length >= 20 ? read32(packet, commonHeaderLength + 4) : 0
      if (initiateTag !== 0)
        output.queueAlone(initiateTag, { type: ChunkType.abort, tagReflected: false, causes: [] })
    } else if (types.has(ChunkType.shutdownAck)) {
      this.#shutdown.handleShutdownAck(tag)
    } else if (![...types].some((type) => silentTypes.has(type))) {
      output.queueAlone(tag, { type: ChunkType.abort, tagReflected: true, causes: [] })
    }
  }
}

/** Of all chunks of a packet. */
function typesOf(packet: Uint8Array): ReadonlySet<number> {
  const types = new Set<number>()
  for (let at = commonHeaderLength; at + 4 <= packet.length;) {
    types.add(packet[at]!)
    const length = read16(packet, at + 2)
    if (length < 4) break
    at += (length + 3) & ~3
  }
  return types
}

/** Chunks that are not answered with an ABORT, RFC 9260 §8.4: both ends might go on doing so. */
const silentTypes: ReadonlySet<number> = new Set([
  ChunkType.shutdownComplete,
  ChunkType.cookieAck,
  ChunkType.error,
  ChunkType.heartbeatAck,
])
