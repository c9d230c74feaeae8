import { commonHeaderLength, packetChecksum, putChecksum } from './wire/packet.ts'

/** Sends a packet, which is borrowed. `more`: the next one is to share its datagram, and follows before the call returns. */
export type Transmit = (packet: Uint8Array, more: boolean) => void

/**
 * The one packet that chunks are bundled into (RFC 9260 §6.10). A chunk that does not fit sends the packet off and
 * starts the next in the same memory.
 *
 * @example
 * const at = packet.reserve(16 + length)
 * putDataHeader(packet.bytes, at, ...)
 * packet.flush()
 */
export class PacketWriter {
  readonly #transmit: Transmit
  /** How many packets one datagram of the layer below may hold. */
  packetsPerDatagram = 1
  /** Packets that share the datagram of the one at hand. */
  #together = 0
  /** The peer takes packets whose checksum is 0, RFC 9653. */
  omitsChecksum = false
  #size: number
  #bytes: Uint8Array
  #view: DataView
  #length = commonHeaderLength
  #hasData = false
  /** Packets of one length in a row share a view. */
  #cut: Uint8Array

  /** `size` is the largest packet to build, in bytes. */
  constructor(sourcePort: number, destinationPort: number, size: number, transmit: Transmit) {
    this.#transmit = transmit
    this.#size = size & ~3
    this.#bytes = new Uint8Array(this.#size)
    this.#view = new DataView(this.#bytes.buffer)
    this.#cut = this.#bytes
    this.#view.setUint16(0, sourcePort)
    this.#view.setUint16(2, destinationPort)
  }

  /** The memory that {@link PacketWriter.reserve} gives offsets into; it changes when a packet outgrows it. */
  get bytes(): Uint8Array {
    return this.#bytes
  }

  get size(): number {
    return this.#size
  }

  /** Takes effect with the next chunk. A multiple of four; what is below it is not used. */
  set size(size: number) {
    this.#size = size & ~3
  }

  set verificationTag(tag: number) {
    this.#view.setUint32(4, tag)
  }

  get isEmpty(): boolean {
    return this.#length === commonHeaderLength
  }

  /** Bytes that a chunk may have, header included, to go into the packet at hand. */
  get room(): number {
    return this.#size - this.#length
  }

  /**
   * Makes room for a chunk of `length` bytes, header included, and pads it. Returns the offset of its first byte.
   * A chunk that is larger than a packet gets a packet of its own size.
   */
  reserve(length: number): number {
    const padded = (length + 3) & ~3
    if (padded > this.room && !this.isEmpty) this.#send(true)
    const at = this.#length
    const end = at + padded
    if (end > this.#bytes.length) this.#grow(Math.max(end, this.#size))
    if (padded !== length) this.#bytes.fill(0, at + length, end)
    this.#length = end
    return at
  }

  /** Like {@link PacketWriter.reserve}, for a chunk of user data. */
  reserveData(length: number): number {
    const at = this.reserve(length)
    this.#hasData = true
    return at
  }

  /** Adds a whole encoded control chunk, which must not follow DATA in a packet (RFC 9260 §6.10). */
  append(chunk: Uint8Array): void {
    if (this.#hasData) this.#send(true)
    const at = this.reserve(chunk.length)
    this.#bytes.set(chunk, at)
  }

  /** Sends the packet if it holds a chunk. */
  flush(): void {
    if (!this.isEmpty) this.#send(false)
  }

  /** `isFollowed`: the next packet is about to be filled. */
  #send(isFollowed: boolean): void {
    const length = this.#length
    this.#length = commonHeaderLength
    this.#hasData = false
    const more = isFollowed && this.#together + 1 < this.packetsPerDatagram
    this.#together = more ? this.#together + 1 : 0
    putChecksum(this.#view, this.omitsChecksum ? 0 : packetChecksum(this.#view, 0, length))
    if (this.#cut.length !== length) this.#cut = this.#bytes.subarray(0, length)
    this.#transmit(this.#cut, more)
  }

  #grow(length: number): void {
    const larger = new Uint8Array(length)
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
    this.#cut = larger
  }
}
