import { Writer } from '@purertc/bytes'

import type { Settings } from '../config.ts'
import { PacketWriter, type Transmit } from '../packet-writer.ts'
import { type ControlChunk, encodeChunk } from '../wire/chunk.ts'
import { encodePacket } from '../wire/packet.ts'

/**
 * Everything on its way out of an association but DATA and SACK. Nothing is transmitted before {@link Output.begin}:
 * a handler only queues, so that the host is called when all state is committed.
 */
export class Output {
  readonly packet: PacketWriter
  readonly #settings: Settings
  readonly #transmit: Transmit
  /** Whole packets: INIT, INIT ACK and SHUTDOWN COMPLETE go alone (RFC 9260 §6.10), some with another tag. */
  #alone: Alone[] = []
  #chunks: Uint8Array[] = []
  readonly #writer = new Writer(64)

  constructor(settings: Settings, transmit: Transmit) {
    this.#settings = settings
    this.#transmit = transmit
    this.packet = new PacketWriter(settings.localPort, settings.remotePort, settings.mtu, transmit)
  }

  /** Whether anything waits for {@link Output.begin}. */
  get isPending(): boolean {
    return this.#alone.length > 0 || this.#chunks.length > 0
  }

  /** Chunks that wait to be bundled. */
  get queuedChunks(): number {
    return this.#chunks.length
  }

  /** Bundles the chunk into the next packet to the peer. */
  queue(chunk: ControlChunk): void {
    this.#writer.reset()
    encodeChunk(this.#writer, chunk)
    this.#chunks.push(this.#writer.finish())
  }

  /** Sends the chunks in a packet of their own with this verification tag. */
  queueAlone(verificationTag: number, ...chunks: readonly ControlChunk[]): void {
    this.queueTimes(1, verificationTag, ...chunks)
  }

  /** The same so many times, in one datagram. */
  queueTimes(times: number, verificationTag: number, ...chunks: readonly ControlChunk[]): void {
    const { localPort, remotePort } = this.#settings
    const packet = encodePacket({
      sourcePort: localPort,
      destinationPort: remotePort,
      verificationTag,
      chunks,
    })
    this.#alone.push({ packet, times })
  }

  /** Forgets what is queued for bundling: the association has ended or begins anew. */
  clear(): void {
    this.#chunks = []
  }

  /** Sends lone packets and opens a packet with the queued chunks. */
  begin(): void {
    while (this.#alone.length > 0) {
      const packets = this.#alone
      this.#alone = []
      for (const { packet, times } of packets)
        for (let left = times - 1; left >= 0; left--) this.#transmit(packet, left > 0)
    }
    if (this.#chunks.length === 0) return
    const chunks = this.#chunks
    this.#chunks = []
    for (const chunk of chunks) this.packet.append(chunk)
  }
}

interface Alone {
  readonly packet: Uint8Array
  readonly times: number
}
