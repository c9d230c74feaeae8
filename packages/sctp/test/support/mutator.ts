import type { Random } from '@purertc/netsim'
import { Reader } from '@purertc/bytes'

import { Tsn } from '../../src/tsn.ts'
import { tryDecodeChunk } from '../../src/wire/chunk.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { packetChecksum, putChecksum } from '../../src/wire/packet.ts'

/** Makes hostile packets out of genuine ones: the tag and the checksum are right, so that they get deep. */
export class Mutator {
  readonly #random: Random
  #corpus: Uint8Array[] = []
  #tag = 0
  #highestTsn: Tsn | undefined
  #lowestAck: Tsn | undefined

  constructor(random: Random) {
    this.#random = random
  }

  /** Learns from a packet on its way to the victim. */
  learn(packet: Uint8Array): void {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
    this.#tag = view.getUint32(4)
    if (this.#corpus.length < 200) this.#corpus.push(packet.slice())
    else this.#corpus[this.#random.int(200)] = packet.slice()
    for (const { type, at } of chunksOf(packet)) {
      if (type === ChunkType.data) this.#highestTsn = Tsn.of(view.getUint32(at + 4))
      if (type === ChunkType.sack) this.#lowestAck = Tsn.of(view.getUint32(at + 4))
    }
  }

  next(): Uint8Array {
    const packet = this.#random.chance(0.2) ? this.#noise() : this.#mutated()
    return this.#seal(packet)
  }

  /**
   * Whether a peer of sound mind could have said this: it ends the association, or takes the place of real data. No
   * endpoint can tell such a packet from a true one; DTLS keeps others from sending it.
   */
  isLegitimate(packet: Uint8Array): boolean {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
    return chunksOf(packet).some(({ type, at, length }) => {
      if (final.has(type)) return true
      if (type === ChunkType.data && length === 16) return true
      if (
        type !== ChunkType.data &&
        !tryDecodeChunk(type, packet[at + 1]!, new Reader(packet, at + 4, at + length))
      )
        return false
      if (type === ChunkType.reConfig) return true
      if (type === ChunkType.data || type === ChunkType.forwardTsn)
        return length >= 8 && isNear(Tsn.of(view.getUint32(at + 4)), this.#highestTsn)
      return type === ChunkType.sack && isNear(Tsn.of(view.getUint32(at + 4)), this.#lowestAck)
    })
  }

  #noise(): Uint8Array {
    const packet = new Uint8Array(16 + 4 * this.#random.int(100))
    this.#random.fill(packet)
    const types = Object.values(ChunkType)
    packet[12] = this.#random.chance(0.9) ? types[this.#random.int(types.length)]! : packet[12]!
    if (this.#random.chance(0.8)) {
      packet[14] = (packet.length - 12) >>> 8
      packet[15] = packet.length - 12
    }
    return packet
  }

  #mutated(): Uint8Array {
    const random = this.#random
    const genuine = this.#corpus[random.int(this.#corpus.length)] ?? new Uint8Array(16)
    const packet = genuine.slice()
    const body = packet.length - 12
    for (let i = random.int(6); i >= 0; i--) {
      const at = 12 + random.int(random.chance(0.7) ? Math.min(body, 24) : body)
      packet[at] = random.chance(0.5) ? packet[at]! ^ (1 << random.int(8)) : random.int(256)
    }
    if (random.chance(0.2)) return packet.slice(0, 13 + random.int(body))
    if (random.chance(0.1)) {
      // The chunks of one packet behind those of another.
      const other = this.#corpus[random.int(this.#corpus.length)]!
      const joined = new Uint8Array(packet.length + other.length - 12)
      joined.set(packet)
      joined.set(other.subarray(12), packet.length)
      return joined
    }
    return packet
  }

  #seal(packet: Uint8Array): Uint8Array {
    const view = new DataView(packet.buffer, packet.byteOffset, packet.length)
    view.setUint16(0, 5_000)
    view.setUint16(2, 5_000)
    view.setUint32(4, packet[12] === ChunkType.init ? 0 : this.#tag)
    putChecksum(view, packetChecksum(view, 0, packet.length))
    return packet
  }
}

function chunksOf(packet: Uint8Array): { type: number; at: number; length: number }[] {
  const chunks: { type: number; at: number; length: number }[] = []
  for (let at = 12; at + 4 <= packet.length;) {
    const length = (packet[at + 2]! << 8) | packet[at + 3]!
    if (length < 4 || at + length > packet.length) break
    chunks.push({ type: packet[at]!, at, length })
    at += (length + 3) & ~3
  }
  return chunks
}

/** Within reach of a gap block, on either side, of what the peer really uses. */
function isNear(tsn: Tsn, reference: Tsn | undefined): boolean {
  return reference === undefined || Math.abs(Tsn.distance(tsn, reference)) < 0x2_0000
}

/** The last two where, as here, no interleaving was agreed on. */
const final: ReadonlySet<number> = new Set([
  ChunkType.abort,
  ChunkType.shutdown,
  ChunkType.shutdownAck,
  ChunkType.shutdownComplete,
  ChunkType.iData,
  ChunkType.iForwardTsn,
])
