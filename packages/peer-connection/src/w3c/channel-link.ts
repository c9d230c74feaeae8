import type { RTCError } from '../errors.ts'
import type { RTCDataChannel } from './data-channel.ts'
import type { PartWriter } from './outgoing-message.ts'

/** What a channel asks of the transport under it. */
export interface ChannelLink {
  /** Bytes; 0 for no limit. */
  readonly maxMessageSize: number
  bufferedAmount(): number
  send(bytes: Uint8Array, isText: boolean): void
  /** Null where the peer does not take messages in pieces. */
  openMessage(isText: boolean): PartWriter | null
  setLowThreshold(bytes: number): void
  /** Received messages are held back, and the peer slows down, until `resume`. */
  pause(): void
  resume(): void
  close(): void
}

/** What the connection does with its channels; no part of the public class. */
export interface ChannelControl {
  attach(channel: RTCDataChannel, id: number, link: ChannelLink): void
  /** It can be used from now on. */
  setOpen(channel: RTCDataChannel): void
  /** Fires `open`. */
  announceOpen(channel: RTCDataChannel): void
  /** Bytes are borrowed; the event is for the caller to fire in its turn. */
  receive(channel: RTCDataChannel, bytes: Uint8Array, isText: boolean): () => void
  /** A part of a message that is too large to come whole. As above. */
  receivePart(channel: RTCDataChannel, bytes: Uint8Array, isText: boolean, isLast: boolean): () => void
  /** The message that came in parts breaks off. */
  breakMessage(channel: RTCDataChannel): void
  /** The transport has told that little waits: whether that is what the application wants to know. */
  isThresholdReached(channel: RTCDataChannel, queued: number): boolean
  /** `isAwaited`: not only the streams have waited for it, but the application, too. */
  bufferedAmountLow(channel: RTCDataChannel, isAwaited: boolean): void
  /** The peer closes the channel. */
  closing(channel: RTCDataChannel): void
  closed(channel: RTCDataChannel, error: RTCError | null): void
  /** The connection was closed: no event is fired. */
  abandon(channel: RTCDataChannel): void
  /** Bytes that the peer takes; 0 for no limit, or while it is unknown. */
  maxMessageSize(channel: RTCDataChannel): number
}
