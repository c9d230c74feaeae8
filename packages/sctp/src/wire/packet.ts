import { Reader, Writer } from '@purertc/bytes'

import { type Chunk, encodeChunk, tryDecodeChunk } from './chunk.ts'
import { crc32cFinish, crc32cUpdate } from './crc32c.ts'

/**
 * An SCTP packet, RFC 9260 §3: the common header, then chunks.
 *
 *     |     Source Port Number        |     Destination Port Number   |
 *     |                      Verification Tag                         |
 *     |                           Checksum                            |
 *
 * The machines read and write packets in place; this form, with everything as objects, serves tests and tools.
 */
export interface Packet {
  readonly sourcePort: number
  readonly destinationPort: number
  readonly verificationTag: number
  readonly chunks: readonly Chunk[]
}

export const commonHeaderLength = 12

/** `null` for anything but a whole packet with the right checksum and well-formed chunks of known types. */
export function decodePacket(bytes: Uint8Array): Packet | null {
  if (bytes.length < commonHeaderLength || !hasValidChecksum(bytes)) return null
  const reader = new Reader(bytes)
  const sourcePort = reader.u16()
  const destinationPort = reader.u16()
  const verificationTag = reader.u32()
  reader.skip(4)
  const chunks: Chunk[] = []
  while (!reader.isEmpty) {
    if (reader.remaining < 4) return null
    const type = reader.u8()
    const flags = reader.u8()
    const length = reader.u16()
    if (length < 4 || length - 4 > reader.remaining) return null
    const chunk = tryDecodeChunk(type, flags, reader.sub(length - 4))
    if (chunk === null) return null
    chunks.push(chunk)
    reader.skip(Math.min(-length & 3, reader.remaining))
  }
  return { sourcePort, destinationPort, verificationTag, chunks }
}

export function encodePacket(packet: Packet): Uint8Array {
  const writer = new Writer()
  writer.u16(packet.sourcePort)
  writer.u16(packet.destinationPort)
  writer.u32(packet.verificationTag)
  writer.u32(0)
  for (const chunk of packet.chunks) encodeChunk(writer, chunk)
  const bytes = writer.finish()
  const view = new DataView(bytes.buffer)
  putChecksum(view, packetChecksum(view, 0, bytes.length))
  return bytes
}

/**
 * The checksum of the packet from `start` up to `end`, whose checksum field counts as zero (RFC 9260 §6.8). The
 * packet is not changed: it may be borrowed.
 */
export function packetChecksum(view: DataView, start: number, end: number): number {
  const beforeField = crc32cUpdate(-1, view, start, start + 8)
  const afterField = crc32cUpdate(beforeField, zeros, 0, 4)
  return crc32cFinish(crc32cUpdate(afterField, view, start + 12, end))
}

/** Stores the checksum of a packet that begins at offset 0: least significant byte first, RFC 9260 Appendix A. */
export function putChecksum(view: DataView, checksum: number): void {
  view.setUint32(8, checksum, true)
}

/** Whether the checksum field of a packet of at least twelve bytes is right. */
export function hasValidChecksum(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  return view.getUint32(8, true) === packetChecksum(view, 0, bytes.length)
}

const zeros = new DataView(new ArrayBuffer(4))
