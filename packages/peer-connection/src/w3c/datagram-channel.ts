import { invalidState } from '../errors.ts'
import { type Handler, HandlerTarget } from './handler-target.ts'
import { payloadOf } from './message-payload.ts'

export interface RTCDatagramChannelEventMap {
  open: Event
  message: MessageEvent
  close: Event
}

/** What a datagram channel asks of the transport. */
export interface DatagramLink {
  send(bytes: Uint8Array): void
}

/** What the connection does with the channel; no part of the public class. */
export interface DatagramControl {
  open(channel: RTCDatagramChannel): void
  receive(channel: RTCDatagramChannel, data: ArrayBuffer): void
  closed(channel: RTCDatagramChannel): void
  /** The connection was closed: no event is fired. */
  abandon(channel: RTCDatagramChannel): void
}

/** Set by the class, which alone can reach its private parts. */
export let datagramControl: DatagramControl

/**
 * Application data straight in DTLS records: one `send` is one datagram, and arrives as one `message` or not at all.
 * Not in the W3C API; both ends must be of this family. Made by `RTCPeerConnection.createDatagramChannel`, or handed
 * out by its `datagramchannel` event.
 *
 * @example
 * const channel = connection.createDatagramChannel()
 * channel.onopen = () => channel.send('hello')
 */
export class RTCDatagramChannel extends HandlerTarget<RTCDatagramChannelEventMap> {
  declare onopen: Handler<RTCDatagramChannel>
  declare onmessage: Handler<RTCDatagramChannel, MessageEvent>
  declare onclose: Handler<RTCDatagramChannel>

  readonly #link: DatagramLink
  #readyState: 'connecting' | 'open' | 'closed' = 'connecting'

  static {
    RTCDatagramChannel.defineHandlers('open', 'message', 'close')
    datagramControl = {
      open: (channel) => channel.#open(),
      receive: (channel, data) => channel.#receive(data),
      closed: (channel) => channel.#closed(),
      abandon: (channel) => void (channel.#readyState = 'closed'),
    }
  }

  constructor(link: DatagramLink) {
    super()
    this.#link = link
  }

  get readyState(): 'connecting' | 'open' | 'closed' {
    return this.#readyState
  }

  /** Bytes of the largest message: what fits one unfragmented datagram is far safer than this. */
  get maxMessageSize(): number {
    return MAX_RECORD
  }

  /**
   * Sends one message; text as UTF-8. Throws InvalidStateError unless the channel is open, a TypeError for more than
   * {@link RTCDatagramChannel.maxMessageSize} bytes.
   */
  send(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.#readyState !== 'open') throw invalidState(`the channel is ${this.#readyState}`)
    const { bytes } = payloadOf(data)
    if (bytes.length > MAX_RECORD) throw new TypeError(`a datagram carries ${MAX_RECORD} bytes at most`)
    this.#link.send(bytes)
  }

  #open(): void {
    if (this.#readyState !== 'connecting') return
    this.#readyState = 'open'
    this.dispatchEvent(new Event('open'))
  }

  #receive(data: ArrayBuffer): void {
    if (this.#readyState === 'open') this.dispatchEvent(new MessageEvent('message', { data }))
  }

  #closed(): void {
    if (this.#readyState === 'closed') return
    this.#readyState = 'closed'
    this.dispatchEvent(new Event('close'))
  }
}

/** RFC 6347 §4.1: the plaintext of one record. */
const MAX_RECORD = 16_384
