/** A message on its way out: queued, then cut into DATA chunks, which all point here until they are acknowledged. */
export class OutgoingMessage {
  readonly stream: number
  readonly protocol: number
  readonly unordered: boolean
  /** The message is `length` bytes of `buffer` from `start` on. */
  readonly buffer: Uint8Array
  readonly start: number
  readonly length: number
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
  /** Fragments cut so far. */
  fragments = 0
  /** Its place among all messages that were sent. */
  order = 0
  /** How many bytes have been cut into chunks. */
  cut = 0
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
    maxRetransmits: number,
    expiresAt: number,
    isCounted: boolean,
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
}
