import { HEADER_LENGTH } from './header.ts'

export interface StreamFramerOptions {
  /** Bytes of the largest frame that is taken, padding included. Default: the largest that a length field can say. */
  readonly maxFrame?: number
  /**
   * Whether TURN's ChannelData shares the stream (RFC 8656 §12.5). Default false. `legacy` takes channels up to 0x7fff
   * too, as clients of RFC 5766 §11 choose them.
   */
  readonly channelData?: boolean | 'legacy'
}

/**
 * Why nothing more can be read from a stream: there is no way to find the next frame, so the connection is to be closed.
 *
 * - `not-a-frame`: bytes that start neither a STUN message nor, where it is expected, ChannelData.
 * - `too-large`: a frame beyond `maxFrame`.
 */
export type StreamFault = 'not-a-frame' | 'too-large'

/**
 * Cuts a byte stream into STUN messages, which say their length themselves (RFC 8489 §6.2.2), and into the ChannelData
 * messages between them, which are padded to four bytes on a stream. Frames that lie whole in one chunk are handed out in
 * place; only what a chunk leaves unfinished is copied.
 *
 * @example
 * const framer = new StreamFramer((bytes) => server.handleDatagram(now(), from, connection, bytes))
 * socket.on('data', (chunk) => { if (framer.push(chunk) !== null) socket.destroy() })
 */
export class StreamFramer {
  readonly #frame: (bytes: Uint8Array) => void
  readonly #maxFrame: number
  /** The highest byte that a frame may begin with. */
  readonly #lastFirstByte: number
  /** The start of a frame that has not come whole yet: the first `#held` bytes of it. */
  #carry: Uint8Array = new Uint8Array(0)
  #held = 0
  #fault: StreamFault | null = null
  #isClosed = false
  #rest: Uint8Array = new Uint8Array(0)

  /** `frame` gets each message as it would come in a datagram, ChannelData without its padding; bytes are borrowed. */
  constructor(frame: (bytes: Uint8Array) => void, options: StreamFramerOptions = {}) {
    this.#frame = frame
    this.#maxFrame = options.maxFrame ?? Infinity
    const { channelData = false } = options
    this.#lastFirstByte = channelData === 'legacy' ? 0x7f : channelData ? 0x4f : LAST_OF_STUN
  }

  /** Bytes that wait for the rest of their frame. */
  get pending(): number {
    return this.#held
  }

  /** Takes what the stream brought; `null` while it can be read, and the fault from then on when it cannot. */
  push(chunk: Uint8Array): StreamFault | null {
    let at = this.#held > 0 ? this.#completeCarry(chunk) : 0
    while (at < chunk.length && this.#isOpen) {
      const length = this.#measure(chunk, at, chunk.length)
      if (!this.#isOpen) break
      if (length === 0 || at + length > chunk.length) {
        this.#hold(chunk, at, chunk.length - at)
        break
      }
      this.#frame(chunk.subarray(at, at + unpadded(chunk, at, length)))
      at += length
    }
    this.#rest = chunk.subarray(at)
    return this.#fault
  }

  /** What followed the frame that made its reader close this, of the last chunk; borrowed like it. */
  get rest(): Uint8Array {
    return this.#rest
  }

  /** Hands out nothing more, not even from the chunk that is being read: for a callback that closes the connection. */
  close(): void {
    this.#isClosed = true
    this.#held = 0
    this.#carry = new Uint8Array(0)
  }

  get #isOpen(): boolean {
    return this.#fault === null && !this.#isClosed
  }

  /** Adds to the unfinished frame and hands it out once it is whole. Returns how much of `chunk` that took. */
  #completeCarry(chunk: Uint8Array): number {
    let at = 0
    while (this.#isOpen) {
      const length = this.#measure(this.#carry, 0, this.#held)
      const wanted = length === 0 ? (this.#held < LENGTH_SEEN ? LENGTH_SEEN : COOKIE_SEEN) : length
      const taken = Math.min(wanted - this.#held, chunk.length - at)
      this.#hold(chunk, at, taken)
      at += taken
      if (this.#held < wanted) return at
      if (length === 0) continue
      this.#held = 0
      this.#frame(this.#carry.subarray(0, unpadded(this.#carry, 0, length)))
      return at
    }
    return at
  }

  /** The buffer grows with what has come, not with what a length field promises. */
  #hold(chunk: Uint8Array, at: number, length: number): void {
    const end = this.#held + length
    if (end > this.#carry.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.#carry.length, 64))
      larger.set(this.#carry.subarray(0, this.#held))
      this.#carry = larger
    }
    this.#carry.set(chunk.subarray(at, at + length), this.#held)
    this.#held = end
  }

  /** Bytes that the frame at `at` takes in the stream, 0 where too little has come to tell. Notes a fault. */
  #measure(bytes: Uint8Array, at: number, end: number): number {
    const first = bytes[at]
    if (first === undefined || at >= end) return 0
    const isStun = first <= LAST_OF_STUN
    // Channels are 0x4000 to 0x4fff (RFC 8656 §12): nothing else may begin a frame.
    if (first > this.#lastFirstByte) return this.#fail('not-a-frame')
    if (end - at < LENGTH_SEEN) return 0
    const field = (bytes[at + 2]! << 8) | bytes[at + 3]!
    const length = isStun ? HEADER_LENGTH + field : LENGTH_SEEN + ((field + 3) & ~3)
    if (isStun && (field & 3) !== 0) return this.#fail('not-a-frame')
    if (length > this.#maxFrame) return this.#fail('too-large')
    if (!isStun) return length
    if (end - at < COOKIE_SEEN) return 0
    return hasCookie(bytes, at) ? length : this.#fail('not-a-frame')
  }

  #fail(fault: StreamFault): 0 {
    this.#fault = fault
    this.#held = 0
    this.#carry = new Uint8Array(0)
    return 0
  }
}

function unpadded(bytes: Uint8Array, at: number, length: number): number {
  if (bytes[at]! <= LAST_OF_STUN) return length
  return LENGTH_SEEN + ((bytes[at + 2]! << 8) | bytes[at + 3]!)
}

function hasCookie(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 4] === 0x21 && bytes[at + 5] === 0x12 && bytes[at + 6] === 0xa4 && bytes[at + 7] === 0x42
}

/** STUN begins with two zero bits (RFC 8489 §5). */
const LAST_OF_STUN = 0x3f

/** How much of a frame must be there to know its length; of STUN, to know that it is STUN. */
const LENGTH_SEEN = 4
const COOKIE_SEEN = 8
