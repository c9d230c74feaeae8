/**
 * Attributes that carry a transport address: in plain bytes (RFC 8489 §14.1), or with port and address XORed so that
 * NATs which rewrite addresses in payloads leave them alone (§14.2).
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |0 0 0 0 0 0 0 0|    Family     |      Port, or X-Port          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Address, or X-Address (32 bits or 128 bits)           |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
import { DecodeError, type Reader, type Writer } from '@purertc/bytes'

import type { AttributeCodec } from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'
import { MAGIC_COOKIE } from '../header.ts'
import { formatIpAddress, formatIpv4, parseIpAddress, parseIpv4 } from '../ip-address.ts'
import { StunError } from '../stun-error.ts'
import type { TransportAddress } from '../transport-address.ts'

/** Address codes, RFC 8489 §14.1; REQUESTED-ADDRESS-FAMILY uses the same. */
export const AddressFamily = { IPv4: 0x01, IPv6: 0x02 } as const

const plainAddress = (type: number, name: string): AttributeCodec<TransportAddress> => ({
  type,
  name,
  decode(value) {
    const family = decodeFamily(value)
    const port = value.u16()
    if (family === AddressFamily.IPv4) return { family: 'IPv4', address: formatIpv4(value.u32()), port }
    return { family: 'IPv6', address: formatIpAddress(value.bytes(16)), port }
  },
  encode(writer, { address, port }) {
    encodeAddress(writer, address, port, NO_MASK, NO_MASK)
  },
})

const xorAddress = (type: number, name: string): AttributeCodec<TransportAddress> => ({
  type,
  name,
  decode(value, transactionId) {
    const family = decodeFamily(value)
    const port = value.u16() ^ (MAGIC_COOKIE >>> 16)
    if (family === AddressFamily.IPv4)
      return { family: 'IPv4', address: formatIpv4((value.u32() ^ MAGIC_COOKIE) >>> 0), port }
    // Not slice(): that of a Node Buffer is a view, and the mask would be taken off the message itself.
    const bytes = Uint8Array.from(value.bytes(16))
    applyMask(bytes, COOKIE, transactionId)
    return { family: 'IPv6', address: formatIpAddress(bytes), port }
  },
  encode(writer, { address, port }, transactionId) {
    encodeAddress(writer, address, port, COOKIE, transactionId)
  },
})

function decodeFamily(value: Reader): number {
  value.skip(1)
  const family = value.u8()
  if (family !== AddressFamily.IPv4 && family !== AddressFamily.IPv6)
    throw new DecodeError('invalid', `address family ${family}`)
  return family
}

/** `cookie` masks the port and the first four bytes of the address, `transactionId` the other twelve. */
function encodeAddress(
  writer: Writer,
  address: string,
  port: number,
  cookie: Uint8Array,
  transactionId: Uint8Array,
): void {
  if (!Number.isInteger(port) || port < 0 || port > 0xffff)
    throw new StunError('invalid-address', `${port} is no port`)
  const ipv4 = parseIpv4(address)
  const ipv6 = ipv4 < 0 ? parseIpAddress(address) : null
  if (ipv4 < 0 && ipv6 === null)
    throw new StunError('invalid-address', `${JSON.stringify(address)} is no IP address`)
  writer.u16(ipv6 === null ? AddressFamily.IPv4 : AddressFamily.IPv6)
  writer.u16(port ^ ((cookie[0]! << 8) | cookie[1]!))
  if (ipv6 === null) {
    writer.u32(ipv4 ^ (cookie === COOKIE ? MAGIC_COOKIE : 0))
    return
  }
  applyMask(ipv6, cookie, transactionId)
  writer.bytes(ipv6)
}

function applyMask(address: Uint8Array, cookie: Uint8Array, transactionId: Uint8Array): void {
  for (let i = 0; i < 4; i++) address[i]! ^= cookie[i]!
  for (let i = 0; i < 12; i++) address[4 + i]! ^= transactionId[i]!
}

const COOKIE = Uint8Array.of(0x21, 0x12, 0xa4, 0x42)
const NO_MASK = new Uint8Array(12)

/** RFC 8489 §14.1: for clients older than RFC 5389. */
export const MappedAddress: AttributeCodec<TransportAddress> = plainAddress(
  AttributeType.mappedAddress,
  'MAPPED-ADDRESS',
)
/** RFC 8489 §14.15: the server to ask instead. */
export const AlternateServer: AttributeCodec<TransportAddress> = plainAddress(
  AttributeType.alternateServer,
  'ALTERNATE-SERVER',
)
/** RFC 5780 §7.3: the address that the answer was sent from. */
export const ResponseOrigin: AttributeCodec<TransportAddress> = plainAddress(
  AttributeType.responseOrigin,
  'RESPONSE-ORIGIN',
)
/** RFC 5780 §7.4: the server's other address and port, for behaviour discovery. */
export const OtherAddress: AttributeCodec<TransportAddress> = plainAddress(
  AttributeType.otherAddress,
  'OTHER-ADDRESS',
)
/** RFC 8489 §14.2: where the server saw the request come from. */
export const XorMappedAddress: AttributeCodec<TransportAddress> = xorAddress(
  AttributeType.xorMappedAddress,
  'XOR-MAPPED-ADDRESS',
)
/** RFC 8656 §18.3: the peer of a permission, a channel or a piece of data. */
export const XorPeerAddress: AttributeCodec<TransportAddress> = xorAddress(
  AttributeType.xorPeerAddress,
  'XOR-PEER-ADDRESS',
)
/** RFC 8656 §18.5: the address that the server allocated. */
export const XorRelayedAddress: AttributeCodec<TransportAddress> = xorAddress(
  AttributeType.xorRelayedAddress,
  'XOR-RELAYED-ADDRESS',
)
