/**
 * The ChannelData message, RFC 8656 §12.4: application data behind four bytes in place of a Send or Data indication's
 * thirty-six. The first two bits, 01, tell it from STUN's 00.
 *
 *   0                   1                   2                   3
 *   0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  |         Channel Number        |            Length             |
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *  /                       Application Data                        /
 *  +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

/** Channel numbers, RFC 8656 §12: 0x5000 and up were given back, so that TURN can share a port with DTLS and RTP. */
export const FIRST_CHANNEL = 0x4000
export const LAST_CHANNEL = 0x4fff
/** The end of the range of RFC 5766 §11, which clients older than RFC 8656 pick from. */
export const LAST_LEGACY_CHANNEL = 0x7ffe

const CHANNEL_DATA_HEADER = 4

/** Whether the datagram can only be ChannelData; its header may still be a lie. */
export function looksLikeChannelData(datagram: Uint8Array): boolean {
  return datagram.length > 0 && datagram[0]! >>> 6 === 1
}

/** Channel number of a datagram that {@link hasWholeChannelData}. */
export function channelNumberOf(datagram: Uint8Array): number {
  return (datagram[0]! << 8) | datagram[1]!
}

/**
 * Whether header and data are all there. Bytes behind the data are padding, which UDP does not need but permits
 * (RFC 8656 §12.5).
 */
export function hasWholeChannelData(datagram: Uint8Array): boolean {
  return (
    datagram.length >= CHANNEL_DATA_HEADER &&
    datagram.length - CHANNEL_DATA_HEADER >= ((datagram[2]! << 8) | datagram[3]!)
  )
}

/** A view of the application data of a datagram that {@link hasWholeChannelData}. */
export function channelPayload(datagram: Uint8Array): Uint8Array {
  const length = (datagram[2]! << 8) | datagram[3]!
  return datagram.subarray(CHANNEL_DATA_HEADER, CHANNEL_DATA_HEADER + length)
}

/**
 * Puts headers before data in one buffer that is used again for every datagram: the hot path of a relay allocates
 * nothing but, where the length changes, a view.
 */
export class ChannelDataWriter {
  #buffer = new Uint8Array(2048)
  #view: Uint8Array = this.#buffer

  /** The framed data, borrowed until the next call. `data` has at most 65,535 bytes. */
  frame(channel: number, data: Uint8Array): Uint8Array {
    const length = CHANNEL_DATA_HEADER + data.length
    if (length !== this.#view.length) this.#resize(length)
    const view = this.#view
    view[0] = channel >>> 8
    view[1] = channel
    view[2] = data.length >>> 8
    view[3] = data.length
    view.set(data, CHANNEL_DATA_HEADER)
    return view
  }

  #resize(length: number): void {
    if (length > this.#buffer.length) this.#buffer = new Uint8Array(0xffff + CHANNEL_DATA_HEADER)
    this.#view = this.#buffer.subarray(0, length)
  }
}
