import type { Millis } from '@purertc/bytes'
import { type DataChannel, type DataChannels, SctpError } from '@purertc/sctp'

import { operationError, RTCError } from '../errors.ts'
import type { PeerTransport } from '../transport/peer-transport.ts'
import type { TransportError } from '../transport/transport-error.ts'
import type { ChannelLink } from './channel-link.ts'
import { channelControl, RTCDataChannel } from './data-channel.ts'
import { channelErrorOf } from './data-channel-error.ts'
import { checkInit, optionsOf, type RTCDataChannelInit } from './data-channel-options.ts'
import type { EventQueue } from './event-queue.ts'
import { priorityOf } from './priority.ts'

/** Runs a command on the transport that the channels use. */
export type Run = <T>(command: (transport: PeerTransport, now: Millis) => T) => T

/** What a channel has carried, by its names in W3C WebRTC Statistics. */
export interface ChannelTraffic {
  messagesSent: number
  bytesSent: number
  messagesReceived: number
  bytesReceived: number
}

/** The data channels of a connection: the application's objects above, handles of the SCTP association below. */
export class DataChannelSet {
  readonly #run: Run
  readonly #events: EventQueue
  readonly #announce: (channel: RTCDataChannel) => void
  /** Made before there was an association to open them on. */
  #waiting: RTCDataChannel[] = []
  readonly #byHandle: Map<DataChannel, RTCDataChannel> = new Map()
  readonly #traffic: WeakMap<DataChannel, ChannelTraffic> = new WeakMap()
  #maxMessageSize: number | null = null
  #isCorked = false
  #opened = 0
  #closed = 0

  /** `announce` fires the `datachannel` event. */
  constructor(run: Run, events: EventQueue, announce: (channel: RTCDataChannel) => void) {
    this.#run = run
    this.#events = events
    this.#announce = announce
  }

  /** Whether there was ever a channel. */
  get isUsed(): boolean {
    return this.#waiting.length > 0 || this.#byHandle.size > 0 || this.#opened > 0
  }

  /** How many channels have been opened, for statistics. */
  get opened(): number {
    return this.#opened
  }

  get closed(): number {
    return this.#closed
  }

  /** Bytes that the peer takes; 0 for no limit, or while it is unknown. */
  get maxMessageSize(): number {
    return this.#maxMessageSize ?? 0
  }

  /** Those that are not closed, with what they have carried. */
  get traffic(): Iterable<readonly [RTCDataChannel, ChannelTraffic]> {
    return [...this.#byHandle].map(([handle, channel]) => [channel, this.#trafficOf(handle)] as const)
  }

  /** Throws a TypeError for options that contradict each other, an OperationError for an id that is taken. */
  create(label: string, init: RTCDataChannelInit): RTCDataChannel {
    checkInit(label, init)
    const channel = new RTCDataChannel(label, init)
    if (channel.id !== null && this.#isTaken(channel.id))
      throw operationError(`the id ${channel.id} is taken`)
    if (this.#maxMessageSize === null) this.#waiting.push(channel)
    else this.#openOrFail(channel)
    return channel
  }

  /** Both descriptions are known: channels that waited are opened. `maxMessageSize` is the peer's limit. */
  start(maxMessageSize: number): void {
    if (this.#maxMessageSize !== null) return
    this.#maxMessageSize = maxMessageSize
    const waiting = this.#waiting
    this.#waiting = []
    for (const channel of waiting) this.#openOrFail(channel)
  }

  /** The peer wants no data channels. */
  refuse(): void {
    const error = new RTCError({ errorDetail: 'data-channel-failure' }, 'the peer rejected the data section')
    for (const channel of this.#waiting) this.#events.postLater(() => channelControl.closed(channel, error))
    this.#waiting = []
  }

  handleOpened(handle: DataChannel): void {
    const channel = this.#byHandle.get(handle)
    if (channel !== undefined) this.#events.post(() => this.#fireOpen(channel))
  }

  /** The peer opened a channel: the application gets it, has a turn to listen, and then hears of it. */
  handleChannelOpened(handle: DataChannel): void {
    const { label, id, ordered, protocol, negotiated, maxPacketLifeTime, maxRetransmits } = handle
    const priority = priorityOf(handle.priority)
    const channel = new RTCDataChannel(label, {
      id,
      ordered,
      protocol,
      negotiated,
      priority,
      ...(maxPacketLifeTime !== undefined && { maxPacketLifeTime }),
      ...(maxRetransmits !== undefined && { maxRetransmits }),
    })
    this.#attach(handle, channel)
    this.#events.post(() => {
      channelControl.setOpen(channel)
      this.#opened++
      this.#announce(channel)
    })
    this.#events.postLater(() => channelControl.announceOpen(channel))
  }

  handleReceived(handle: DataChannel, data: Uint8Array, isText: boolean): void {
    const channel = this.#byHandle.get(handle)
    if (channel === undefined) return
    const traffic = this.#trafficOf(handle)
    traffic.messagesReceived++
    traffic.bytesReceived += data.length
    this.#events.post(channelControl.receive(channel, data, isText))
  }

  handleReceivedPart(handle: DataChannel, part: Uint8Array, isText: boolean, isLast: boolean): void {
    const channel = this.#byHandle.get(handle)
    if (channel === undefined) return
    const traffic = this.#trafficOf(handle)
    if (isLast) traffic.messagesReceived++
    traffic.bytesReceived += part.length
    this.#events.post(channelControl.receivePart(channel, part, isText, isLast))
  }

  handleMessageBroken(handle: DataChannel): void {
    const channel = this.#byHandle.get(handle)
    if (channel !== undefined) this.#events.post(() => channelControl.breakMessage(channel))
  }

  handleBufferedAmountLow(handle: DataChannel): void {
    const channel = this.#byHandle.get(handle)
    if (channel === undefined) return
    const isAwaited = channelControl.isThresholdReached(channel, handle.bufferedAmount)
    this.#events.post(() => channelControl.bufferedAmountLow(channel, isAwaited))
  }

  handleClosing(handle: DataChannel): void {
    const channel = this.#byHandle.get(handle)
    if (channel !== undefined) this.#events.post(() => channelControl.closing(channel))
  }

  handleClosed(handle: DataChannel): void {
    const channel = this.#byHandle.get(handle)
    this.#byHandle.delete(handle)
    if (channel !== undefined) this.#events.post(() => this.#fireClosed(channel, null))
  }

  /** The link is over, and every channel with it. */
  handleLinkClosed(reason: TransportError | null): void {
    const error = channelErrorOf(reason)
    const channels = [...this.#byHandle.values(), ...this.#waiting]
    this.#byHandle.clear()
    this.#waiting = []
    for (const channel of channels) this.#events.post(() => this.#fireClosed(channel, error))
  }

  /** The connection was closed here: channels are closed without events. */
  abandon(): void {
    for (const channel of [...this.#byHandle.values(), ...this.#waiting]) channelControl.abandon(channel)
  }

  #isTaken(id: number): boolean {
    return [...this.#waiting, ...this.#byHandle.values()].some((channel) => channel.id === id)
  }

  #openOrFail(channel: RTCDataChannel): void {
    try {
      this.#open(channel)
    } catch (cause) {
      if (!(cause instanceof SctpError)) throw cause
      const error = new RTCError({ errorDetail: 'data-channel-failure' }, cause.message)
      this.#events.postLater(() => channelControl.closed(channel, error))
    }
  }

  #open(channel: RTCDataChannel): void {
    const handle = this.#run((transport, now) => transport.openChannel(now, optionsOf(channel)))
    this.#attach(handle, channel)
    if (handle.readyState === 'open') this.#events.postLater(() => this.#fireOpen(channel))
  }

  #attach(handle: DataChannel, channel: RTCDataChannel): void {
    this.#byHandle.set(handle, channel)
    channelControl.attach(channel, handle.id, this.#linkOf(handle))
  }

  #trafficOf(handle: DataChannel): ChannelTraffic {
    const known = this.#traffic.get(handle)
    if (known !== undefined) return known
    const traffic = { messagesSent: 0, bytesSent: 0, messagesReceived: 0, bytesReceived: 0 }
    this.#traffic.set(handle, traffic)
    return traffic
  }

  #linkOf(handle: DataChannel): ChannelLink {
    const traffic = this.#trafficOf(handle)
    return {
      bufferedAmount: () => handle.bufferedAmount,
      maxMessageSize: this.#maxMessageSize ?? 0,
      send: (bytes, isText) => {
        this.#send((transport, now) => transport.send(now, handle, bytes, isText))
        traffic.messagesSent++
        traffic.bytesSent += bytes.length
      },
      openMessage: (isText) => {
        const run = <T>(command: (channels: DataChannels, now: Millis) => T): T =>
          this.#send((transport, now) => transport.withChannels(now, (channels) => command(channels, now)))
        if (!handle.isReliable || !run((channels) => channels.canStreamMessages)) return null
        const writer = run((channels, now) => channels.openMessage(now, handle, isText))
        return {
          write: (bytes) => {
            run((_channels, now) => writer.write(now, bytes))
            traffic.bytesSent += bytes.length
          },
          end: () => {
            run((_channels, now) => writer.end(now))
            traffic.messagesSent++
          },
          abort: () => run((_channels, now) => writer.abort(now)),
        }
      },
      setLowThreshold: (bytes) => {
        handle.bufferedAmountLowThreshold = bytes
      },
      pause: () => this.#run((transport) => transport.pauseChannel(handle)),
      resume: () => this.#resume(handle),
      close: () => this.#run((transport, now) => transport.closeChannel(now, handle)),
    }
  }

  /** What was held back is delivered in a turn of its own: who reads a stream does not expect more while it does. */
  #resume(handle: DataChannel): void {
    if (handle.isPaused)
      this.#events.postLater(() => this.#run((transport, now) => transport.resumeChannel(now, handle)))
  }

  /** Throws OperationError where SCTP refuses. */
  #send<T>(command: (transport: PeerTransport, now: Millis) => T): T {
    try {
      return this.#run((transport, now) => {
        this.#cork(transport)
        return command(transport, now)
      })
    } catch (error) {
      throw error instanceof SctpError ? operationError(error.message) : error
    }
  }

  /** What the application sends before it returns to the event loop leaves together. */
  #cork(transport: PeerTransport): void {
    if (this.#isCorked) return
    this.#isCorked = true
    transport.cork()
    void Promise.resolve().then(() => {
      this.#isCorked = false
      this.#run((sender, now) => sender.uncork(now))
    })
  }

  #fireOpen(channel: RTCDataChannel): void {
    this.#opened++
    channelControl.announceOpen(channel)
  }

  #fireClosed(channel: RTCDataChannel, error: RTCError | null): void {
    this.#closed++
    channelControl.closed(channel, error)
  }
}
