import { DecodeError, fromUtf8, Reader, toUtf8, Writer } from '@purertc/bytes'

/**
 * DATA_CHANNEL_OPEN, RFC 8832 §5.1.
 *
 *     |  Message Type |  Channel Type |            Priority           |
 *     |                    Reliability Parameter                      |
 *     |         Label Length          |       Protocol Length         |
 *     |                             Label                             |
 *     |                            Protocol                           |
 */
export interface ChannelOpen {
  readonly type: 'open'
  readonly priority: number
  readonly ordered: boolean
  /** At most one of the two is given. */
  readonly maxRetransmits: number | undefined
  /** Milliseconds. */
  readonly maxPacketLifeTime: number | undefined
  readonly label: string
  readonly protocol: string
}

/** DATA_CHANNEL_ACK, RFC 8832 §5.2: one byte. */
export interface ChannelAck {
  readonly type: 'ack'
}

/** `null` for bytes that are no such message. */
export function decodeDcep(bytes: Uint8Array): ChannelOpen | ChannelAck | null {
  try {
    const reader = new Reader(bytes)
    switch (reader.u8()) {
      case MessageType.ack:
        return { type: 'ack' }
      case MessageType.open:
        return decodeOpen(reader)
      default:
        return null
    }
  } catch (error) {
    if (error instanceof DecodeError) return null
    throw error
  }
}

/** Label and protocol take at most 65,535 bytes of UTF-8 each. */
export function encodeOpen(open: ChannelOpen): Uint8Array {
  const writer = new Writer()
  writer.u8(MessageType.open)
  const reliability =
    open.maxRetransmits !== undefined
      ? Reliability.maxRetransmits
      : open.maxPacketLifeTime !== undefined
        ? Reliability.maxPacketLifeTime
        : Reliability.reliable
  writer.u8(reliability | (open.ordered ? 0 : unorderedBit))
  writer.u16(open.priority)
  writer.u32(open.maxRetransmits ?? open.maxPacketLifeTime ?? 0)
  const label = toUtf8(open.label)
  const protocol = toUtf8(open.protocol)
  writer.u16(label.length)
  writer.u16(protocol.length)
  writer.bytes(label)
  writer.bytes(protocol)
  return writer.finish()
}

export function encodeAck(): Uint8Array {
  return Uint8Array.of(MessageType.ack)
}

function decodeOpen(reader: Reader): ChannelOpen | null {
  const channelType = reader.u8()
  const priority = reader.u16()
  const parameter = reader.u32()
  const labelLength = reader.u16()
  const protocolLength = reader.u16()
  const label = fromUtf8(reader.bytes(labelLength))
  const protocol = fromUtf8(reader.bytes(protocolLength))
  reader.done()
  const reliability = channelType & ~unorderedBit
  if (reliability > Reliability.maxPacketLifeTime) return null
  return {
    type: 'open',
    priority,
    ordered: (channelType & unorderedBit) === 0,
    maxRetransmits: reliability === Reliability.maxRetransmits ? parameter : undefined,
    maxPacketLifeTime: reliability === Reliability.maxPacketLifeTime ? parameter : undefined,
    label,
    protocol,
  }
}

/** RFC 8832 §8.2.1. */
const MessageType = { ack: 2, open: 3 } as const
/** Channel types without their highest bit, RFC 8832 §8.2.2. */
const Reliability = { reliable: 0, maxRetransmits: 1, maxPacketLifeTime: 2 } as const
const unorderedBit = 0x80
