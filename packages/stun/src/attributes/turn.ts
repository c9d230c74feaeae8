/** Attributes of TURN, RFC 8656 §18, RFC 6062 §6.2 and RFC 8016 §3. */
import { DecodeError } from '@purertc/bytes'

import {
  type AttributeCodec,
  fitting,
  flagAttribute,
  opaqueAttribute,
  textAttribute,
  uint32Attribute,
} from '../attribute-codec.ts'
import { AttributeType } from '../attribute-type.ts'
import type { IpFamily } from '../ip-address.ts'
import { StunError } from '../stun-error.ts'
import { AddressFamily } from './addresses.ts'

/** RFC 8656 §18.1: 0x4000 to 0x4fff, which the receiver judges. */
export const ChannelNumber: AttributeCodec<number> = {
  type: AttributeType.channelNumber,
  name: 'CHANNEL-NUMBER',
  decode(value) {
    const channel = value.u16()
    value.skip(2)
    return channel
  },
  encode(writer, channel) {
    writer.u16(fitting(channel, 0xffff, 'CHANNEL-NUMBER'))
    writer.u16(0)
  },
}

/** RFC 8656 §18.2: seconds; 0 ends an allocation. */
export const Lifetime: AttributeCodec<number> = uint32Attribute(AttributeType.lifetime, 'LIFETIME')

/** RFC 8656 §18.4: the application data of a Send or Data indication. Decoded as a view of the message. */
export const Data: AttributeCodec<Uint8Array> = opaqueAttribute(AttributeType.data, 'DATA')

/** RFC 8656 §18.8: a protocol number, 17 for UDP (`TransportProtocol`). */
export const RequestedTransport: AttributeCodec<number> = {
  type: AttributeType.requestedTransport,
  name: 'REQUESTED-TRANSPORT',
  decode(value) {
    const protocol = value.u8()
    value.skip(3)
    return protocol
  },
  encode(writer, protocol) {
    writer.u32(fitting(protocol, 0xff, 'REQUESTED-TRANSPORT') * 0x100_0000)
  },
}

/** Protocol numbers that REQUESTED-TRANSPORT takes. */
export const TransportProtocol = { tcp: 6, udp: 17 } as const

/** RFC 8656 §18.6: the family of the relayed address. */
export const RequestedAddressFamily: AttributeCodec<IpFamily> = familyAttribute(
  AttributeType.requestedAddressFamily,
  'REQUESTED-ADDRESS-FAMILY',
)

/** RFC 8656 §18.11: the family of a second relayed address. */
export const AdditionalAddressFamily: AttributeCodec<IpFamily> = familyAttribute(
  AttributeType.additionalAddressFamily,
  'ADDITIONAL-ADDRESS-FAMILY',
)

export interface AddressErrorCodeValue {
  readonly family: IpFamily
  readonly code: number
  readonly reason: string
}

/** RFC 8656 §18.12: why the server could not allocate one of the families. */
export const AddressErrorCode: AttributeCodec<AddressErrorCodeValue> = {
  type: AttributeType.addressErrorCode,
  name: 'ADDRESS-ERROR-CODE',
  decode(value) {
    const family = familyFrom(value.u8())
    value.skip(1)
    const hundreds = value.u8() & 0b111
    const number = value.u8()
    if (hundreds < 3 || hundreds > 6 || number > 99)
      throw new DecodeError('invalid', 'ADDRESS-ERROR-CODE: range')
    return { family, code: 100 * hundreds + number, reason: reasonPhrase.decode(value, NO_ID) }
  },
  encode(writer, { family, code, reason }) {
    if (!Number.isInteger(code) || code < 300 || code > 699)
      throw new StunError('invalid-value', `ADDRESS-ERROR-CODE takes 300 to 699, not ${code}`)
    writer.u8(AddressFamily[family])
    writer.u8(0)
    writer.u8(Math.floor(code / 100))
    writer.u8(code % 100)
    reasonPhrase.encode(writer, reason, NO_ID)
  },
}

export interface EvenPortValue {
  /** Also keep the next higher port for a later allocation. */
  readonly reserve: boolean
}

/** RFC 8656 §18.7: the relayed port shall be even. */
export const EvenPort: AttributeCodec<EvenPortValue> = {
  type: AttributeType.evenPort,
  name: 'EVEN-PORT',
  decode: (value) => ({ reserve: (value.u8() & 0x80) !== 0 }),
  encode(writer, { reserve }) {
    writer.u8(reserve ? 0x80 : 0)
  },
}

/** RFC 8656 §18.9: relay with the DF bit set. */
export const DontFragment: AttributeCodec<true> = flagAttribute(AttributeType.dontFragment, 'DONT-FRAGMENT')

/** RFC 8656 §18.10: names the port that EVEN-PORT reserved. */
export const ReservationToken: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.reservationToken,
  'RESERVATION-TOKEN',
  8,
  8,
)

export interface IcmpValue {
  readonly type: number
  readonly code: number
  /** Next-hop MTU for "packet too big", else 0 (RFC 8656 §18.13). */
  readonly data: number
}

/** RFC 8656 §18.13: an ICMP error that came back from the peer's side. */
export const Icmp: AttributeCodec<IcmpValue> = {
  type: AttributeType.icmp,
  name: 'ICMP',
  decode(value) {
    value.skip(2)
    const typeAndCode = value.u16()
    return { type: typeAndCode >>> 9, code: typeAndCode & 0x1ff, data: value.u32() }
  },
  encode(writer, { type, code, data }) {
    writer.u16(0)
    writer.u16((fitting(type, 0x7f, 'ICMP type') << 9) | fitting(code, 0x1ff, 'ICMP code'))
    writer.u32(fitting(data, 0xffff_ffff, 'ICMP data'))
  },
}

/** RFC 6062 §6.2.1: names one TCP connection of an allocation. */
export const ConnectionId: AttributeCodec<number> = uint32Attribute(
  AttributeType.connectionId,
  'CONNECTION-ID',
)

/** RFC 8016 §3.1: names an allocation that its client may take along to another address; opaque to the client. */
export const MobilityTicket: AttributeCodec<Uint8Array> = opaqueAttribute(
  AttributeType.mobilityTicket,
  'MOBILITY-TICKET',
)

function familyAttribute(type: number, name: string): AttributeCodec<IpFamily> {
  return {
    type,
    name,
    decode(value) {
      const family = familyFrom(value.u8())
      value.skip(3)
      return family
    },
    encode(writer, family) {
      writer.u32(AddressFamily[family] * 0x100_0000)
    },
  }
}

function familyFrom(code: number): IpFamily {
  if (code === AddressFamily.IPv4) return 'IPv4'
  if (code === AddressFamily.IPv6) return 'IPv6'
  throw new DecodeError('invalid', `address family ${code}`)
}

const reasonPhrase = textAttribute(AttributeType.addressErrorCode, 'ADDRESS-ERROR-CODE reason', 763)
const NO_ID = new Uint8Array(12)
