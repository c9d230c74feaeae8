/**
 * What processes that serve the same ports say to each other, on a stream for each direction. A frame is
 *
 *     u32 length of what follows | u8 kind | …
 *
 *     relayed   u32 relay of the hearer | u32 relay of the speaker | data
 *     opened    u32 relay of the speaker | u16 port | its address as text
 *     closed    u32 relay of the speaker
 *     datagram  u8 length | name of a shared port | u16 port | u8 length | address as text | data
 */
import { DecodeError, Reader } from '@purertc/bytes'
import { isIpAddress, type TransportAddress } from '@purertc/stun'

import type { WriteBatch } from '../write-batch.ts'

export interface SiblingFramesHost {
  /** What a relay of the speaker's sends to one of the hearer's. Bytes are borrowed until the call returns. */
  relayed(to: number, from: number, data: Uint8Array): void
  /** The speaker has a relay of that address, or has it no more. */
  opened(relay: number, address: TransportAddress): void
  closed(relay: number): void
  /** A datagram that came to the speaker on a shared port, from a client of the hearer's. Bytes are borrowed as well. */
  datagram(port: string, client: TransportAddress, bytes: Uint8Array): void
}

/** Data is lost, and false returned, where the hearer does not keep up; news of relays are not. */
export const SiblingFrames = {
  relayed: (batch: WriteBatch, to: number, from: number, data: Uint8Array): boolean => {
    const at = begin(batch, Kind.relayed, 8 + data.length)
    if (at < 0) return false
    const { bytes } = batch
    bytes.writeUInt32BE(to, at)
    bytes.writeUInt32BE(from, at + 4)
    bytes.set(data, at + 8)
    return true
  },

  opened: (batch: WriteBatch, relay: number, { address, port }: TransportAddress): void => {
    const at = begin(batch, Kind.opened, 6 + address.length)
    if (at < 0) return
    const { bytes } = batch
    bytes.writeUInt32BE(relay, at)
    bytes.writeUInt16BE(port, at + 4)
    bytes.write(address, at + 6, 'latin1')
  },

  closed: (batch: WriteBatch, relay: number): void => {
    const at = begin(batch, Kind.closed, 4)
    if (at >= 0) batch.bytes.writeUInt32BE(relay, at)
  },

  datagram: (
    batch: WriteBatch,
    name: string,
    { address, port }: TransportAddress,
    data: Uint8Array,
  ): boolean => {
    const at = begin(batch, Kind.datagram, 4 + name.length + address.length + data.length)
    if (at < 0) return false
    const { bytes } = batch
    let end = bytes.writeUInt8(name.length, at)
    end += bytes.write(name, end, 'latin1')
    end = bytes.writeUInt16BE(port, end)
    end = bytes.writeUInt8(address.length, end)
    end += bytes.write(address, end, 'latin1')
    bytes.set(data, end)
    return true
  },
} as const

/**
 * Reads frames from where they lie, and says how many bytes the whole ones took. Throws `DecodeError` for what is no
 * frame.
 */
export function readSiblingFrames(bytes: Buffer, end: number, host: SiblingFramesHost): number {
  let at = 0
  while (at + HEADER <= end) {
    const length = bytes.readUInt32BE(at)
    if (length > MAX_FRAME) throw new DecodeError('invalid', `a frame of ${length} bytes`)
    const next = at + HEADER + length
    if (next > end) break
    readFrame(new Reader(bytes, at + HEADER, next), host)
    at = next
  }
  return at
}

function readFrame(reader: Reader, host: SiblingFramesHost): void {
  switch (reader.u8()) {
    case Kind.relayed:
      host.relayed(reader.u32(), reader.u32(), reader.rest())
      break
    case Kind.opened: {
      const [relay, port] = [reader.u32(), reader.u16()]
      host.opened(relay, addressOf(latin1(reader.rest()), port))
      break
    }
    case Kind.closed:
      host.closed(reader.u32())
      break
    case Kind.datagram: {
      const name = latin1(reader.bytes(reader.u8()))
      const port = reader.u16()
      const address = latin1(reader.bytes(reader.u8()))
      host.datagram(name, addressOf(address, port), reader.rest())
    }
  }
}

/** Where the body begins, of so many bytes; -1 where there is no room. */
function begin(batch: WriteBatch, kind: Kind, length: number): number {
  const at = batch.reserve(HEADER + 1 + length, kind === Kind.opened || kind === Kind.closed)
  if (at < 0) return at
  batch.bytes.writeUInt32BE(1 + length, at)
  batch.bytes.writeUInt8(kind, at + HEADER)
  return at + HEADER + 1
}

/** As UDP sockets write addresses. */
function addressOf(address: string, port: number): TransportAddress {
  return { family: isIpAddress(address) ?? 'IPv6', address, port }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

const Kind = { relayed: 0, opened: 1, closed: 2, datagram: 3 } as const
type Kind = (typeof Kind)[keyof typeof Kind]

const HEADER = 4

/** A datagram of the largest size with what stands before it. */
export const MAX_FRAME: number = 0xffff + 512
