import { DecodeError, Reader, Writer } from '@purertc/bytes'
import { formatIpAddress } from '@purertc/stun'

/** The NAT Port Mapping Protocol, RFC 6886: what PCP's older sibling says in fewer bytes, for IPv4 alone. */
export interface NatPmpMapping {
  readonly internalPort: number
  readonly externalPort: number
  /** Seconds; 0 ends it. */
  readonly lifetime: number
}

export interface NatPmpAnswer extends NatPmpMapping {
  /** 0 is success; RFC 6886 §3.5 has the others. */
  readonly result: number
}

/** RFC 6886 §3.2. */
export function encodeAddressRequest(): Uint8Array {
  return Uint8Array.of(VERSION, ADDRESS)
}

/** RFC 6886 §3.3. */
export function encodeMappingRequest({ internalPort, externalPort, lifetime }: NatPmpMapping): Uint8Array {
  const writer = new Writer(12)
  writer.u8(VERSION)
  writer.u8(MAP_UDP)
  writer.u16(0)
  writer.u16(internalPort)
  writer.u16(externalPort)
  writer.u32(lifetime)
  return writer.finish()
}

/** The gateway's outer address, or null where it has none, or the bytes are no such answer. */
export function decodeAddress(bytes: Uint8Array): string | null {
  return read(bytes, ADDRESS, (reader, result) => (result === 0 ? formatIpAddress(reader.bytes(4)) : null))
}

/** Null for what is no answer to a request for that port. */
export function decodeMapping(bytes: Uint8Array, internalPort: number): NatPmpAnswer | null {
  return read(bytes, MAP_UDP, (reader, result) => {
    if (reader.u16() !== internalPort) return null
    return { result, internalPort, externalPort: reader.u16(), lifetime: reader.u32() }
  })
}

/** RFC 6886 §3.5 and RFC 6887 §9: how a gateway that has no other protocol answers one of a later version. */
export function isNatPmp(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && bytes[0] === VERSION && (bytes[1]! & RESPONSE) !== 0
}

function read<T>(
  bytes: Uint8Array,
  operation: number,
  body: (reader: Reader, result: number) => T | null,
): T | null {
  const reader = new Reader(bytes)
  try {
    if (reader.u8() !== VERSION || reader.u8() !== (RESPONSE | operation)) return null
    const result = reader.u16()
    reader.skip(4)
    return body(reader, result)
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

const VERSION = 0
const ADDRESS = 0
const MAP_UDP = 1
const RESPONSE = 0x80
