import type { Millis } from '@purertc/bytes'

import type { SctpCloseReason } from '../association/state.ts'
import type { DataChannel } from './data-channel.ts'

/** Why a message that arrived whole was dropped. */
export type ChannelDiscard = 'unknown-channel' | 'unknown-protocol' | 'bad-dcep' | 'refused-channel'

/**
 * What the data channels of one connection ask of their host. Every call is synchronous, and the host may call back
 * from any of them. Bytes are borrowed until the call returns.
 */
export interface DataChannelHost {
  /** An SCTP packet for the DTLS association; `more` as in `SctpHost`. */
  transmit(packet: Uint8Array, more: boolean): void
  associationConnected(): void
  /** The association is over, and every channel with it. Nothing is called after this. */
  associationClosed(reason: SctpCloseReason): void
  /** The peer has opened a channel; it can be used at once. */
  channelOpened(channel: DataChannel): void
  /** A channel that was `connecting` when `open` returned can be used now. */
  opened(channel: DataChannel): void
  /** A whole message; text is not checked to be UTF-8. */
  received(now: Millis, channel: DataChannel, data: Uint8Array, isText: boolean): void
  /**
   * With `deliverParts`: the next bytes of a message that is larger than `maxMessageSize`. The parts of a channel's message
   * follow each other; on an unordered channel, whole messages may come in between.
   */
  receivedPart?(now: Millis, channel: DataChannel, part: Uint8Array, isText: boolean, isLast: boolean): void
  /** The message whose parts were delivered breaks off. */
  messageBroken?(now: Millis, channel: DataChannel): void
  /** What waits to be sent has shrunk to the channel's `bufferedAmountLowThreshold`. */
  bufferedAmountLow(channel: DataChannel): void
  /** The peer is closing the channel. */
  channelClosing(channel: DataChannel): void
  /** The channel is closed on both sides, by whomever; its id is free again. */
  channelClosed(channel: DataChannel): void
}
