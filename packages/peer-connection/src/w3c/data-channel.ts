import { invalidState, RTCError } from '../errors.ts'
import { ChannelInbox } from './channel-inbox.ts'
import type { ChannelControl, ChannelLink } from './channel-link.ts'
import type { RTCDataChannelInit } from './data-channel-options.ts'
import { ChannelStreams, type DataChannelMessage, type StreamedChannel } from './data-channel-streams.ts'
import { type RTCDataChannelEventMap, RTCErrorEvent, RTCMessageStreamEvent } from './events.ts'
import { type Handler, HandlerTarget } from './handler-target.ts'
import { type BinaryType, payloadOf, type Sendable } from './message-payload.ts'
import { type MessagePiece, sendStream } from './outgoing-message.ts'
import type { RTCPriorityType } from './priority.ts'
import { ReceiveHold } from './receive-hold.ts'
import { checkSize, MAX_BUFFERED, SendRoom } from './send-room.ts'
import { UnreadMessages } from './unread-messages.ts'

export type RTCDataChannelState = 'connecting' | 'open' | 'closing' | 'closed'

/** Set by the class, which alone can reach its private parts. */
export let channelControl: ChannelControl

/**
 * A data channel, WebRTC §6.2. Made by `RTCPeerConnection.createDataChannel`, or handed out by its `datachannel`
 * event.
 *
 * @example
 * const channel = connection.createDataChannel('chat')
 * channel.onopen = () => channel.send('hello')
 * channel.onmessage = ({ data }) => show(data)
 */
export class RTCDataChannel extends HandlerTarget<RTCDataChannelEventMap> {
  declare onopen: Handler<RTCDataChannel>
  declare onmessage: Handler<RTCDataChannel, MessageEvent>
  declare onmessagestream: Handler<RTCDataChannel, RTCMessageStreamEvent>
  declare onbufferedamountlow: Handler<RTCDataChannel>
  declare onclosing: Handler<RTCDataChannel>
  declare onclose: Handler<RTCDataChannel>
  declare onerror: Handler<RTCDataChannel, RTCErrorEvent>

  readonly label: string
  readonly ordered: boolean
  readonly maxPacketLifeTime: number | null
  readonly maxRetransmits: number | null
  readonly protocol: string
  readonly negotiated: boolean
  readonly priority: RTCPriorityType
  #id: number | null
  #readyState: RTCDataChannelState = 'connecting'
  #link: ChannelLink | null = null
  readonly #unread = new UnreadMessages(
    (message) => this.#sendRead(message),
    (reason) => this.#unreadable(reason),
  )
  #streams: ChannelStreams | null = null
  readonly #hold = new ReceiveHold(() => this.#link)
  readonly #inbox = new ChannelInbox(this.#hold, {
    message: (data) => {
      if (this.#readyState === 'open') this.dispatchEvent(new MessageEvent('message', { data }))
    },
    messageStream: (stream, isText) =>
      this.dispatchEvent(new RTCMessageStreamEvent('messagestream', { stream, isText })),
  })
  readonly #room = new SendRoom(
    () => this.bufferedAmount,
    () => this.#applyThreshold(),
  )

  static {
    RTCDataChannel.defineHandlers('open', 'message', 'messagestream', 'bufferedamountlow', 'closing')
    RTCDataChannel.defineHandlers('close', 'error')
    channelControl = {
      attach: (channel, id, link) => channel.#attach(id, link),
      setOpen: (channel) => channel.#setOpen(),
      announceOpen: (channel) => channel.#announceOpen(),
      receive: (channel, bytes, isText) => channel.#inbox.receive(bytes, isText),
      receivePart: (channel, bytes, isText, isLast) => channel.#inbox.receivePart(bytes, isText, isLast),
      breakMessage: (channel) => channel.#inbox.breakOff(),
      isThresholdReached: (channel, queued) => channel.#room.isReached(queued),
      bufferedAmountLow: (channel, isAwaited) => channel.#bufferedAmountLow(isAwaited),
      closing: (channel) => channel.#peerCloses(),
      closed: (channel, error) => channel.#closed(error),
      abandon: (channel) => channel.#abandon(),
      maxMessageSize: (channel) => channel.#link?.maxMessageSize ?? 0,
    }
  }

  constructor(label: string, init: RTCDataChannelInit) {
    super()
    this.label = label
    this.ordered = init.ordered ?? true
    this.maxPacketLifeTime = init.maxPacketLifeTime ?? null
    this.maxRetransmits = init.maxRetransmits ?? null
    this.protocol = init.protocol ?? ''
    this.negotiated = init.negotiated ?? false
    this.priority = init.priority ?? 'low'
    // WebRTC §6.1: an id without `negotiated` is ignored.
    this.#id = this.negotiated ? (init.id ?? null) : null
  }

  /** The SCTP stream; null until the DTLS role decides whether it is even or odd. */
  get id(): number | null {
    return this.#id
  }

  get readyState(): RTCDataChannelState {
    return this.#readyState
  }

  /** Bytes of application data that `send` took and the transport has not yet passed on. */
  get bufferedAmount(): number {
    return (this.#link?.bufferedAmount() ?? 0) + this.#unread.bytes
  }

  /** When `bufferedAmount` falls to this, `bufferedamountlow` is fired. */
  get bufferedAmountLowThreshold(): number {
    return this.#room.threshold
  }

  set bufferedAmountLowThreshold(bytes: number) {
    this.#room.threshold = bytes
  }

  /** `arraybuffer` by default. Other values than `arraybuffer` and `blob` are ignored. */
  get binaryType(): BinaryType {
    return this.#inbox.binaryType
  }

  set binaryType(type: BinaryType) {
    if (type === 'arraybuffer' || type === 'blob') this.#inbox.binaryType = type
  }

  /**
   * The messages as a stream, from now on in place of `message` events. A reader that falls behind slows the peer down:
   * nothing is lost, and no more than the receive window is kept, which all channels of a connection share. Not in the
   * W3C API.
   *
   * @example
   * for await (const message of channel.readable) await save(message)
   */
  get readable(): ReadableStream<DataChannelMessage> {
    const { source } = this.#streamed
    this.#inbox.source = source
    return source.stream
  }

  /**
   * A stream that sends each chunk as one message, and is ready for the next while little waits to be sent. Closing it
   * closes the channel, in both directions. Not in the W3C API.
   *
   * @example
   * await messages.pipeTo(channel.writable)
   */
  get writable(): WritableStream<Sendable> {
    return this.#streamed.writable
  }

  /**
   * Sends one message; bytes are copied before the call returns. Throws InvalidStateError unless the channel is open,
   * TypeError for a message larger than the peer takes, OperationError where 16 MiB are buffered.
   */
  send(data: Sendable): void {
    const link = this.#openLink
    if (data instanceof Blob || !this.#unread.isEmpty)
      this.#unread.push(data, (size) => checkSize(size, this.bufferedAmount, link.maxMessageSize))
    else this.#sendNow(link, data)
  }

  /**
   * Sends all that `source` yields as one message, text where it begins with a string. Nothing is held but what waits to be
   * sent; what is sent on the channel afterwards follows it. A peer of this stack with `messageStreams` takes any size;
   * others take what they take whole, and the message is put together first.
   *
   * Resolves when all is on its way. Rejects where the source fails, and with InvalidStateError, OperationError or
   * TypeError as {@link RTCDataChannel.send}: the peer is then told that the message breaks off. Not in the W3C API.
   *
   * @example
   * await channel.sendStream(file.stream())
   */
  sendStream(source: ReadableStream<MessagePiece>): Promise<void> {
    return sendStream(
      {
        room: this.#room,
        isConnecting: () => this.#readyState === 'connecting',
        bufferedAmount: () => this.bufferedAmount,
        largestWhole: () => Math.min(this.#link?.maxMessageSize || MAX_BUFFERED, MAX_BUFFERED),
        openMessage: (isText) => this.#openLink.openMessage(isText),
        send: (message) => this.send(message),
      },
      source,
    )
  }

  /** Closes the channel in both directions once all messages are sent. */
  close(): void {
    if (this.#readyState === 'closing' || this.#readyState === 'closed') return
    this.#readyState = 'closing'
    if (this.#unread.isEmpty) this.#link?.close()
  }

  /** Throws InvalidStateError. */
  get #openLink(): ChannelLink {
    if (this.#readyState !== 'open' || this.#link === null)
      throw invalidState(`the channel is ${this.#readyState}`)
    return this.#link
  }

  #sendNow(link: ChannelLink, data: Exclude<Sendable, Blob>): void {
    const { bytes, isText } = payloadOf(data)
    checkSize(bytes.length, link.bufferedAmount(), link.maxMessageSize)
    link.send(bytes, isText)
    this.#room.written()
  }

  /** What had to be read, and what waited behind it. */
  #sendRead(message: string | Uint8Array): void {
    if (this.#readyState === 'closed' || this.#link === null) return
    this.#sendNow(this.#link, message)
    if (this.#readyState === 'closing' && this.#unread.isEmpty) this.#link.close()
  }

  /** What was promised cannot be sent, so that nothing after it may be. */
  #unreadable(reason: unknown): void {
    if (this.#readyState === 'closed') return
    const error = new RTCError(
      { errorDetail: 'data-channel-failure' },
      `a message cannot be sent: ${String(reason)}`,
    )
    this.dispatchEvent(new RTCErrorEvent('error', { error }))
    if (this.#readyState === 'closing') this.#link?.close()
    else this.close()
  }

  #attach(id: number, link: ChannelLink): void {
    this.#id = id
    this.#link = link
    // close() was called before there was anything to close.
    if (this.#readyState === 'closing') link.close()
    this.#applyThreshold()
  }

  #setOpen(): void {
    if (this.#readyState !== 'connecting') return
    this.#readyState = 'open'
    this.#room.low()
  }

  #announceOpen(): void {
    this.#setOpen()
    if (this.#readyState === 'open') this.dispatchEvent(new Event('open'))
  }

  #abandon(): void {
    this.#readyState = 'closed'
    this.#endStreams(null)
  }

  #endStreams(error: Error | null): void {
    this.#inbox.end(error)
    this.#streams?.end(error)
    this.#room.release()
  }

  #applyThreshold(): void {
    const link = this.#link
    link?.setLowThreshold(this.#room.nextThreshold(link.bufferedAmount()))
  }

  #bufferedAmountLow(isAwaited: boolean): void {
    this.#room.low()
    if (isAwaited) this.dispatchEvent(new Event('bufferedamountlow'))
  }

  get #streamed(): ChannelStreams {
    if (this.#streams !== null) return this.#streams
    const streamed: StreamedChannel = {
      pause: () => this.#hold.hold(streamed),
      resume: () => this.#hold.release(streamed),
      isConnecting: () => this.#readyState === 'connecting',
      send: (message) => this.send(message),
      bufferedAmount: () => this.bufferedAmount,
      close: () => this.close(),
    }
    this.#streams = new ChannelStreams(streamed, this.#room)
    if (this.#readyState === 'closed') this.#streams.end(null)
    return this.#streams
  }

  #peerCloses(): void {
    if (this.#readyState === 'closing' || this.#readyState === 'closed') return
    this.#readyState = 'closing'
    this.dispatchEvent(new Event('closing'))
  }

  #closed(error: RTCError | null): void {
    if (this.#readyState === 'closed') return
    this.#readyState = 'closed'
    this.#endStreams(error)
    if (error !== null) this.dispatchEvent(new RTCErrorEvent('error', { error }))
    this.dispatchEvent(new Event('close'))
  }
}
