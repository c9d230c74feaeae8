import type { Millis } from '@purertc/bytes'

import type { SctpCloseReason } from './state.ts'

/**
 * What an association asks of its host. Every call is synchronous; the host may call back into the association from
 * any of them, and what that sends leaves when the outermost call returns. Bytes are borrowed until the call returns.
 */
export interface SctpHost {
  /**
   * A packet for the DTLS association. `more`: the next one had better share its datagram (RFC 9147 §4.3), see
   * `packetsPerDatagram`; it follows before the present call of the association's returns.
   */
  transmit(packet: Uint8Array, more: boolean): void
  /** The association stands. */
  connected(): void
  /** A whole message. `protocol` is its payload protocol identifier. */
  received(now: Millis, stream: number, protocol: number, message: Uint8Array): void
  /**
   * With `deliverParts`: the next bytes of a message that is larger than `maxMessageSize`. The parts of a stream's message
   * follow each other; between them come no others but unordered whole ones. `part` is empty at most where it is the last.
   */
  receivedPart?(now: Millis, stream: number, protocol: number, part: Uint8Array, isLast: boolean): void
  /** The message whose parts were delivered breaks off: the peer gave it up, or began anew. */
  messageBroken?(now: Millis, stream: number): void
  /** A stream's queue has shrunk to its low threshold, see `setBufferedAmountLowThreshold`. */
  bufferedAmountLow(stream: number): void
  /** The peer has reset these streams of its own, after all that it sent on them; none means all. RFC 6525. */
  streamsReset(streams: readonly number[]): void
  /** A `resetStreams` of ours was carried out, or refused by the peer. */
  resetDone(streams: readonly number[], performed: boolean): void
  /** The peer lost its state and began anew (RFC 9260 §5.2): all that was queued and all streams are gone. */
  restarted(): void
  /** The association is over; nothing is called after this. */
  closed(reason: SctpCloseReason): void
}

/** How a message is sent. */
export interface SendOptions {
  /** May overtake and be overtaken. Default false. */
  readonly unordered?: boolean
  /** How often a lost piece is sent again before the message is given up; 0 for never. Default: without limit. */
  readonly maxRetransmits?: number
  /** Milliseconds after which the message is given up. Default: never. */
  readonly lifetime?: number
  /**
   * Leaves the message out of `bufferedAmount` and of all limits on size: for what a protocol above says for itself.
   * Default false.
   */
  readonly uncounted?: boolean
}
