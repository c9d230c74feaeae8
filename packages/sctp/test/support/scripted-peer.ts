import { concatBytes, Millis } from '@purertc/bytes'
import { Simulation } from '@purertc/netsim'

import type { SctpConfig } from '../../src/index.ts'
import { Tsn } from '../../src/tsn.ts'
import type { Chunk } from '../../src/wire/chunk.ts'
import { ChunkType } from '../../src/wire/chunk-type.ts'
import { DataFlag } from '../../src/wire/data.ts'
import type { InitChunk } from '../../src/wire/init.ts'
import {
  decodePacket,
  encodePacket,
  type Packet,
  packetChecksum,
  putChecksum,
} from '../../src/wire/packet.ts'
import { ParameterType } from '../../src/wire/parameter-type.ts'
import type { Parameter } from '../../src/wire/tlv.ts'
import { End, type EndOptions, text } from './association-pair.ts'

type ChunkOf<Type extends number, C = Chunk> = C extends { type: infer T }
  ? Type extends T
    ? C
    : never
  : never

/** A peer that says exactly what a test tells it to, to one association without any network between. */
export class ScriptedPeer {
  readonly sim = new Simulation({ seed: 1 })
  readonly end: End
  /** Every packet of the association that has not been taken. */
  #outgoing: Uint8Array[] = []
  /** Packets of each datagram so far; the last one may not be complete. */
  readonly packetsOfDatagrams: number[] = [0]
  now: Millis = Millis(1_000)
  /** The tag that we gave ourselves. */
  tag = 0x1111_1111
  /** The association's tag. */
  peerTag = 0
  tsn = Tsn.of(0x2000)
  /** The association's first TSN. */
  peerTsn = Tsn.of(0)
  window = 100_000
  /** What our INIT says of the packets that we take. */
  largestPacket: number | undefined

  constructor(options: EndOptions & { readonly config?: Partial<SctpConfig> } = {}) {
    this.end = new End(this.sim, (packet, more) => this.#take(packet, more), options)
    this.sim.detach(this.end.association)
  }

  get association(): End['association'] {
    return this.end.association
  }

  /** Takes what the association has sent since the last call. */
  packets(): Packet[] {
    return this.rawPackets().map((bytes) => {
      const packet = decodePacket(bytes)
      if (!packet) throw new Error('the association sent a packet that does not decode')
      // Views become arrays of their own, which compare by content alone.
      return structuredClone(packet)
    })
  }

  /** The same, as bytes. */
  rawPackets(): Uint8Array[] {
    const packets = this.#outgoing
    this.#outgoing = []
    return packets
  }

  /** Takes the chunks of all packets since the last call. */
  chunks(): Chunk[] {
    return this.packets().flatMap((packet) => packet.chunks)
  }

  /** Takes all chunks, and returns those of one type. */
  chunksOf<Type extends Chunk['type']>(type: Type): ChunkOf<Type>[] {
    return this.chunks().filter((chunk): chunk is ChunkOf<Type> => chunk.type === type)
  }

  types(): number[] {
    return this.chunks().map(({ type }) => type)
  }

  send(...chunks: Chunk[]): void {
    this.sendWithTag(this.peerTag, ...chunks)
  }

  sendWithTag(verificationTag: number, ...chunks: Chunk[]): void {
    this.sendBytes(encodePacket({ sourcePort: 5_000, destinationPort: 5_000, verificationTag, chunks }))
  }

  /** A packet, under the right tag and checksum, around the bytes of any chunks. */
  seal(chunks: Uint8Array): Uint8Array {
    const header = { sourcePort: 5_000, destinationPort: 5_000, verificationTag: this.peerTag, chunks: [] }
    const bytes = concatBytes(encodePacket(header), chunks)
    const view = new DataView(bytes.buffer)
    putChecksum(view, packetChecksum(view, 0, bytes.length))
    return bytes
  }

  sendBytes(bytes: Uint8Array): void {
    this.association.handlePacket(this.now, bytes)
  }

  /** Lets time pass and every timer go off in its turn. */
  wait(milliseconds: number): void {
    const end = this.now + milliseconds
    while (this.association.nextTimeout <= end) {
      this.now = Millis(Math.max(this.now, this.association.nextTimeout))
      this.association.handleTimeout(this.now)
    }
    this.now = Millis(end)
  }

  init(overrides: Partial<InitChunk> = {}): InitChunk {
    return {
      type: ChunkType.init,
      initiateTag: this.tag,
      receiverWindow: this.window,
      outboundStreams: 1_000,
      inboundStreams: 1_000,
      initialTsn: this.tsn,
      parameters: this.largestPacket === undefined ? supported : [...supported, this.#largest()],
      ...overrides,
    }
  }

  /** Sends an INIT and returns the State Cookie of the answer. */
  fetchCookie(init: InitChunk = this.init()): Uint8Array {
    this.sendWithTag(0, init)
    const answer = this.chunks().find(({ type }) => type === ChunkType.initAck)
    if (answer?.type !== ChunkType.initAck) throw new Error('no INIT ACK came')
    const cookie = answer.parameters.find(({ type }) => type === ParameterType.stateCookie)
    if (!cookie) throw new Error('the INIT ACK has no cookie')
    this.peerTag = answer.initiateTag
    this.peerTsn = answer.initialTsn
    return cookie.value
  }

  /** The whole handshake from our side; the association only answers. */
  connect(init: InitChunk = this.init()): this {
    this.send({ type: ChunkType.cookieEcho, cookie: this.fetchCookie(init) })
    this.packets()
    return this
  }

  #take(packet: Uint8Array, more: boolean): void {
    this.#outgoing.push(packet.slice())
    const packets = (this.packetsOfDatagrams.pop() ?? 0) + 1
    this.packetsOfDatagrams.push(packets)
    if (!more) this.packetsOfDatagrams.push(0)
  }

  #largest(): Parameter {
    const value = new Uint8Array(4)
    new DataView(value.buffer).setUint32(0, this.largestPacket ?? 0)
    return { type: ParameterType.largestPacket, value }
  }

  data(
    offset: number,
    options: { stream?: number; ssn?: number; flags?: number; protocol?: number; data?: Uint8Array } = {},
  ): ChunkOf<typeof ChunkType.data> {
    return {
      type: ChunkType.data,
      flags: options.flags ?? DataFlag.beginning | DataFlag.ending,
      tsn: Tsn.add(this.tsn, offset),
      stream: options.stream ?? 0,
      ssn: options.ssn ?? offset,
      protocol: options.protocol ?? 51,
      data: options.data ?? text(`message ${offset}`),
    }
  }

  /** A SACK up to the association's chunk number `offset` (-1 for none), with gaps as pairs of offsets from there. */
  sack(offset: number, gaps: readonly [number, number][] = [], window: number = this.window): Chunk {
    return {
      type: ChunkType.sack,
      cumulativeTsn: Tsn.add(this.peerTsn, offset),
      receiverWindow: window,
      gaps: gaps.map(([start, end]) => ({ start, end })),
      duplicates: [],
    }
  }

  /** Offsets of the DATA chunks that the association has sent since the last call. */
  sentOffsets(): number[] {
    return this.chunksOf(ChunkType.data).map(({ tsn }) => Tsn.distance(this.peerTsn, tsn))
  }
}

const supported: readonly Parameter[] = [
  { type: ParameterType.forwardTsnSupported, value: new Uint8Array(0) },
  { type: ParameterType.supportedExtensions, value: Uint8Array.of(ChunkType.reConfig, ChunkType.forwardTsn) },
]
