import type { DataMode } from '@purertc/sdp'

import { invalidState } from '../errors.ts'
import type { DataSection } from '../negotiation/description.ts'
import type { ConnectionTransportHost } from './connection-transport.ts'
import { DataChannelSet, type Run } from './data-channel-set.ts'
import type { RTCDataChannel } from './data-channel.ts'
import type { RTCDataChannelInit } from './data-channel-options.ts'
import { datagramControl, RTCDatagramChannel } from './datagram-channel.ts'
import type { EventQueue } from './event-queue.ts'

/** How the application hears of channels that the peer opened. */
export interface Announcements {
  dataChannel(channel: RTCDataChannel): void
  datagramChannel(channel: RTCDatagramChannel): void
}

/** What rides on the transport: data channels, or the one datagram channel, never both. */
export class DataPlane {
  readonly #run: Run
  readonly #events: EventQueue
  readonly #announce: Announcements
  readonly #channels: DataChannelSet
  #datagrams: RTCDatagramChannel | null = null
  #state: 'connecting' | 'connected' | 'closed' = 'connecting'

  constructor(run: Run, events: EventQueue, announce: Announcements) {
    this.#run = run
    this.#events = events
    this.#announce = announce
    this.#channels = new DataChannelSet(run, events, (channel) => announce.dataChannel(channel))
  }

  /** Of what carries the data. */
  get state(): 'connecting' | 'connected' | 'closed' {
    return this.#state
  }

  get channels(): DataChannelSet {
    return this.#channels
  }

  /** What the application has asked for; null while it has asked for nothing. */
  get mode(): DataMode | null {
    if (this.#datagrams !== null) return 'datagram'
    return this.#channels.isUsed ? 'datachannel' : null
  }

  createDataChannel(label: string, init: RTCDataChannelInit): RTCDataChannel {
    if (this.mode === 'datagram') throw invalidState('this connection carries datagrams')
    return this.#channels.create(label, init)
  }

  createDatagramChannel(): RTCDatagramChannel {
    if (this.mode === 'datachannel') throw invalidState('this connection carries data channels')
    this.#datagrams ??= new RTCDatagramChannel({
      send: (bytes) => this.#run((transport, now) => transport.sendDatagram(now, bytes)),
    })
    return this.#datagrams
  }

  /** Both ends have accepted the section; `remote` is the peer's. */
  start(remote: DataSection): void {
    if (remote.mode === 'datachannel') this.#channels.start(remote.maxMessageSize)
  }

  /** The peer has rejected the section. */
  refuse(): void {
    this.#channels.refuse()
    this.#closeDatagrams()
  }

  /** The connection was closed here: channels end without events. */
  abandon(): void {
    this.#state = 'closed'
    this.#channels.abandon()
    if (this.#datagrams !== null) datagramControl.abandon(this.#datagrams)
  }

  /** The transport's calls that are about data. `isDatagram`: whether that mode was agreed on. */
  host(isDatagram: () => boolean): DataHost {
    const channels = this.#channels
    return {
      connected: () => {
        this.#state = 'connected'
        if (isDatagram()) this.#openDatagrams()
      },
      channelOpened: (handle) => channels.handleChannelOpened(handle),
      opened: (handle) => channels.handleOpened(handle),
      received: (_now, handle, data, isText) => channels.handleReceived(handle, data, isText),
      receivedPart: (_now, handle, part, isText, isLast) =>
        channels.handleReceivedPart(handle, part, isText, isLast),
      messageBroken: (_now, handle) => channels.handleMessageBroken(handle),
      bufferedAmountLow: (handle) => channels.handleBufferedAmountLow(handle),
      channelClosing: (handle) => channels.handleClosing(handle),
      channelClosed: (handle) => channels.handleClosed(handle),
      datagramReceived: (_now, data) => this.#received(new Uint8Array(data).buffer),
      closed: (reason) => {
        this.#state = 'closed'
        channels.handleLinkClosed(reason)
        this.#closeDatagrams()
      },
    }
  }

  /** The application gets a channel that it did not make, has a turn to listen, and then hears of it. */
  #openDatagrams(): void {
    const isNew = this.#datagrams === null
    const channel = this.createDatagramChannel()
    const open = (): void => datagramControl.open(channel)
    if (isNew) {
      this.#events.post(() => this.#announce.datagramChannel(channel))
      this.#events.postLater(open)
    } else this.#events.post(open)
  }

  #received(data: ArrayBuffer): void {
    const channel = this.#datagrams
    if (channel !== null) this.#events.post(() => datagramControl.receive(channel, data))
  }

  #closeDatagrams(): void {
    const channel = this.#datagrams
    if (channel !== null) this.#events.post(() => datagramControl.closed(channel))
  }
}

export type DataHost = Pick<
  ConnectionTransportHost,
  | 'connected'
  | 'channelOpened'
  | 'opened'
  | 'received'
  | 'receivedPart'
  | 'messageBroken'
  | 'bufferedAmountLow'
  | 'channelClosing'
  | 'channelClosed'
  | 'datagramReceived'
  | 'closed'
>
