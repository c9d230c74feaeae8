import { DecodeError, Reader, Writer } from '@purertc/bytes'
import { formatIpAddress, parseIpAddress, transportAddress, type TransportAddress } from '@purertc/stun'

/**
 * The MAP opcode of the Port Control Protocol, RFC 6887 §7 and §11.1: a port of ours, and the one outside that leads to it.
 *
 *     | Version = 2 |R| Opcode = 1 | Reserved | Result | Lifetime | Client address or Epoch … |
 *     | Mapping nonce (96 bits) | Protocol | Reserved | Internal port | External port | External address |
 */
export interface PcpMapping {
  /** 12 random bytes, the same for all requests about one mapping. */
  readonly nonce: Uint8Array
  readonly internal: TransportAddress
  /** Seconds; 0 ends it. */
  readonly lifetime: number
  /** What would be welcome, as what there was before; null: anything. */
  readonly suggested: TransportAddress | null
}

export interface PcpAnswer {
  /** 0 is success; RFC 6887 §7.4 has the others. */
  readonly result: number
  /** Seconds: of the mapping, or until asking again may help. */
  readonly lifetime: number
  readonly external: TransportAddress
}

export function encodePcpMap({ nonce, internal, lifetime, suggested }: PcpMapping): Uint8Array {
  const writer = new Writer(60)
  writer.u8(VERSION)
  writer.u8(MAP)
  writer.u16(0)
  writer.u32(lifetime)
  writer.bytes(wide(internal.address))
  writer.bytes(nonce)
  writer.u8(UDP)
  writer.u24(0)
  writer.u16(internal.port)
  writer.u16(suggested?.port ?? 0)
  writer.bytes(
    suggested === null ? wide(internal.family === 'IPv4' ? '0.0.0.0' : '::') : wide(suggested.address),
  )
  return writer.finish()
}

/** Null for what is no answer about that mapping. */
export function decodePcpMap(bytes: Uint8Array, { nonce, internal }: PcpMapping): PcpAnswer | null {
  const reader = new Reader(bytes)
  try {
    if (reader.u8() !== VERSION || reader.u8() !== (RESPONSE | MAP)) return null
    reader.skip(1)
    const result = reader.u8()
    const lifetime = reader.u32()
    reader.skip(16)
    const isOurs = reader.bytes(nonce.length).every((byte, i) => byte === nonce[i])
    const protocol = reader.u8()
    reader.skip(3)
    if (!isOurs || protocol !== UDP || reader.u16() !== internal.port) return null
    const port = reader.u16()
    return { result, lifetime, external: transportAddress(narrow(reader.bytes(16)), port) }
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/** RFC 6887 §5: an IPv4 address in 16 bytes is IPv4-mapped. */
function wide(address: string): Uint8Array {
  const bytes = parseIpAddress(address) ?? new Uint8Array(16)
  return bytes.length === 16 ? bytes : new Uint8Array([...MAPPED, ...bytes])
}

function narrow(bytes: Uint8Array): string {
  return formatIpAddress(MAPPED.every((byte, i) => byte === bytes[i]) ? bytes.subarray(12) : bytes)
}

const VERSION = 2
const MAP = 1
const RESPONSE = 0x80
/** Of IANA's protocol numbers. */
const UDP = 17
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
