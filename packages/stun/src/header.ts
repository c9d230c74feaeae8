/**
 * The header that every message starts with, RFC 8489 §5.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |0 0|     STUN Message Type     |         Message Length        |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                         Magic Cookie                          |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |                                                               |
 *  |                     Transaction ID (96 bits)                  |
 *  |                                                               |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export const HEADER_LENGTH = 20
export const MAGIC_COOKIE = 0x2112_a442
export const TRANSACTION_ID_LENGTH = 12

/**
 * Whether a datagram is meant as STUN, at the price of a few comparisons: to tell it from the DTLS, RTP and ChannelData
 * that share its port (RFC 7983). Two zero bits, the magic cookie, and a length that is a multiple of four and fits.
 * {@link StunMessage.decode} looks at the rest.
 */
export function isStunDatagram(bytes: Uint8Array): boolean {
  return (
    bytes.length >= HEADER_LENGTH &&
    bytes[0]! <= 0x3f &&
    bytes[4] === 0x21 &&
    bytes[5] === 0x12 &&
    bytes[6] === 0xa4 &&
    bytes[7] === 0x42 &&
    (bytes[3]! & 3) === 0 &&
    HEADER_LENGTH + messageLength(bytes) <= bytes.length
  )
}

/** The length field: bytes behind the header. */
export function messageLength(bytes: Uint8Array): number {
  return (bytes[2]! << 8) | bytes[3]!
}
