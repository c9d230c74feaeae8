/** A message on its way out: queued, then cut into DATA chunks, which all point here until they are acknowledged. */
export class OutgoingMessage {
  readonly stream: number
  protocol: number
  readonly unordered: boolean
  /** The message, or the piece of it that is being cut, is `length` bytes of `buffer` from `start` on. */
  buffer: Uint8Array
  start: number
  length: number
  /** How often a fragment may be sent again; `Infinity` for reliable messages. */
  readonly maxRetransmits: number
  /** Whether it counts as buffered: what a protocol above says for itself does not. */
  readonly isCounted: boolean
  /** When the message becomes worthless (RFC 3758 §4.1); `Infinity` for never. */
  readonly expiresAt: number
  /**
   * Message identifier, given when the first fragment is cut; its low 16 bits are the stream sequence number of an
   * ordered message.
   */
  mid = 0
  /** Whether a fragment has been cut, and the message has its number. */
  isBegun = false
  /** Fragments sent so far. */
  fragments = 0
  /** Its place among all messages that were sent. */
  order = 0
  /** How many bytes have been cut into chunks. */
  cut = 0
  /** What it has taken of the room for messages that mix; see `MixingRoom`. */
  room = 0
  /** Given up by partial reliability: no byte of it is sent any more. */
  isAbandoned = false
  /** The next message of the same stream. */
  next: OutgoingMessage | null = null

  constructor(
    stream: number,
    protocol: number,
    unordered: boolean,
    buffer: Uint8Array,
    start: number,
    length: number,
    maxRetransmits: number = Infinity,
    expiresAt: number = Infinity,
    isCounted = true,
  ) {
    this.stream = stream
    this.protocol = protocol
    this.unordered = unordered
    this.buffer = buffer
    this.start = start
    this.length = length
    this.maxRetransmits = maxRetransmits
    this.expiresAt = expiresAt
    this.isCounted = isCounted
  }

  /** Stream sequence number, RFC 9260 §3.3.1. */
  get ssn(): number {
    return this.unordered ? 0 : this.mid & 0xffff
  }

  get isReliable(): boolean {
    return this.maxRetransmits === Infinity && this.expiresAt === Infinity
  }

  /** Bytes that wait to be cut. */
  get left(): number {
    return this.length - this.cut
  }

  /** Bytes that the peer holds before it can hand any of them on. */
  get heldByPeer(): number {
    return this.length
  }

  /** Whether all of it has been cut into chunks. */
  get isCut(): boolean {
    return this.cut === this.length
  }

  /** Makes the next bytes those of {@link OutgoingMessage.buffer}; returns how many of them may be cut now. */
  prepare(): number {
    return this.length - this.cut
  }
}
