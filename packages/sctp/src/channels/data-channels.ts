import { Counters, type Millis } from '@purertc/bytes'

import { createInit, SctpAssociation } from '../association/association.ts'
import type { Discard } from '../association/context.ts'
import type { SendOptions } from '../association/host.ts'
import type { AssociationState, SctpCloseReason } from '../association/state.ts'
import type { SctpConfig } from '../config.ts'
import { SctpError } from '../errors.ts'
import { BackPressure } from './back-pressure.ts'
import { ChannelIds } from './channel-ids.ts'
import { Channel, type DataChannel, type DataChannelOptions } from './data-channel.ts'
import { type ChannelOpen, decodeDcep, encodeAck, encodeOpen } from './dcep.ts'
import type { DataChannelHost } from './host.ts'
import { ProtocolId } from './protocol-id.ts'

/**
 * Settings of {@link DataChannels}. Three defaults differ from an association's: `rtoMax` is 5000, `maxRetransmits`
 * 30 and `zeroChecksum` true. Under data channels ICE tells when the path is gone and brings it back, and then nobody wants to wait a minute.
 */
export interface DataChannelsConfig extends SctpConfig {
  /** Which DTLS role this side has: the client's channels have even ids, the server's odd ones (RFC 8832 §6). */
  readonly dtlsRole: 'client' | 'server'
}

/** Why a message that arrived whole was dropped. */
export type ChannelDiscard = 'unknown-channel' | 'unknown-protocol' | 'bad-dcep' | 'refused-channel'

/**
 * The data channels of one connection and the association that carries them, RFC 8831 and RFC 8832. Like the
 * association it is a synchronous machine.
 *
 * @example
 * const channels = new DataChannels({ crypto: nodeCrypto, dtlsRole: 'client' }, host)
 * channels.connect(now) // once DTLS stands; both sides do
 * const chat = channels.open(now, { label: 'chat' })
 * channels.send(now, chat, toUtf8('hello'), true)
 */
export class DataChannels {
  readonly #host: DataChannelHost
  readonly #association: SctpAssociation
  readonly #channels = new Map<number, Channel>()
  readonly #ids: ChannelIds
  readonly #backPressure: BackPressure
  readonly #discarded = new Counters<ChannelDiscard>()
  /** Bytes of labels and protocols of channels that the peer opened. */
  #foreignNames = 0
  #now = 0 as Millis

  /** Throws {@link SctpError} `invalid-config`. */
  constructor(config: DataChannelsConfig, host: DataChannelHost) {
    this.#host = host
    this.#ids = new ChannelIds(config.dtlsRole)
    this.#association = new SctpAssociation(
      { ...channelDefaults, ...config },
      {
        transmit: (packet) => host.transmit(packet),
        connected: () => this.#connected(),
        received: (now, stream, protocol, message) => this.#received(now, stream, protocol, message),
        bufferedAmountLow: (stream) => {
          const channel = this.#channels.get(stream)
          if (channel) host.bufferedAmountLow(channel)
        },
        streamsReset: (streams) => this.#streamsReset(streams),
        resetDone: (streams, performed) => this.#resetDone(streams, performed),
        restarted: () => this.#restarted(),
        closed: (reason) => this.#closed(reason),
      },
    )
    this.#backPressure = new BackPressure(this.#association, {
      deliver: (now, channel, protocol, message) => this.#deliver(now, channel, protocol, message),
      resetReached: (channel) => this.#streamsReset([channel.id]),
    })
  }

  get state(): AssociationState {
    return this.#association.state
  }

  /** When to call {@link DataChannels.handleTimeout}; `Infinity` for never. */
  get nextTimeout(): Millis {
    return this.#association.nextTimeout
  }

  /** Channels that are not closed. */
  get channels(): IterableIterator<DataChannel> {
    return this.#channels.values()
  }

  /** What was dropped, by reason. */
  get discarded(): Partial<Record<Discard | ChannelDiscard, number>> {
    return { ...this.#association.discarded.snapshot(), ...this.#discarded.snapshot() }
  }

  /** The association's measurements and settings that may change while it stands. */
  get association(): Pick<
    SctpAssociation,
    | 'mtu'
    | 'pathChanged'
    | 'remoteMaxMessageSize'
    | 'roundTripTime'
    | 'congestionWindow'
    | 'receiveBuffered'
    | 'outboundStreams'
    | 'isInterleaving'
    | 'peerLargestPacket'
  > {
    return this.#association
  }

  /** Begins the SCTP handshake. */
  connect(now: Millis): void {
    this.#now = now
    this.#association.connect(now)
  }

  /** Takes a packet that DTLS has authenticated. */
  handlePacket(now: Millis, packet: Uint8Array): void {
    this.#now = now
    this.#association.handlePacket(now, packet)
  }

  handleTimeout(now: Millis): void {
    this.#now = now
    this.#association.handleTimeout(now)
  }

  /**
   * Opens a channel. It is returned `open` when the association stands; else it is `connecting`, and `host.opened`
   * follows. Throws {@link SctpError} `closed`, `invalid-channel` or `message-too-large`.
   */
  open(now: Millis, options: DataChannelOptions): DataChannel {
    this.#now = now
    if (!this.#canOpen) throw new SctpError('closed', 'the association is closed or shutting down')
    const channel = new Channel(this.#association, this.#chooseId(options), options)
    const { remoteMaxMessageSize } = this.#association
    if (
      !channel.negotiated &&
      remoteMaxMessageSize > 0 &&
      encodeOpen(channel.open).length > remoteMaxMessageSize
    )
      throw new SctpError('message-too-large', 'label and protocol do not fit a message to this peer')
    this.#add(channel)
    if (this.#isConnected) this.#announce(now, channel)
    return channel
  }

  /**
   * Sends a message; it is copied. Empty ones are allowed.
   *
   * Throws {@link SctpError} `invalid-channel` unless the channel is open, `message-too-large` or `send-buffer-full`.
   */
  send(now: Millis, channel: DataChannel, data: Uint8Array, isText: boolean): void {
    this.#now = now
    const own = this.#own(channel)
    if (own.readyState !== 'open') throw new SctpError('invalid-channel', `the channel is ${own.readyState}`)
    if (data.length === 0) {
      const protocol = isText ? ProtocolId.emptyText : ProtocolId.emptyBinary
      this.#association.send(now, own.id, protocol, emptyMessage, { ...own.sendOptions, ...uncounted })
    } else {
      const protocol = isText ? ProtocolId.text : ProtocolId.binary
      this.#association.send(now, own.id, protocol, data, own.sendOptions)
    }
  }

  /**
   * From now on messages of the channel are held back. They fill the receive window, which all channels share, so that
   * the peer slows down and in the end stops; nothing is lost. The end of the channel waits as well, but not that of
   * the association, before which `host.received` is called with all that is held.
   */
  pause(channel: DataChannel): void {
    if (channel.readyState === 'closed') return
    this.#backPressure.pause(this.#own(channel))
  }

  /** `host.received` is called with what was held back, until the channel is paused again. */
  resume(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (channel.readyState === 'closed') return
    this.#backPressure.resume(now, this.#own(channel))
  }

  /** Runs `action`, and only then sends: many small messages that are sent in it share packets. */
  batch(now: Millis, action: () => void): void {
    this.#now = now
    this.#association.batch(now, action)
  }

  /** Like {@link DataChannels.batch} where the sends come one by one: nothing leaves until `uncork`, once for each. */
  cork(): void {
    this.#association.cork()
  }

  uncork(now: Millis): void {
    this.#now = now
    this.#association.uncork(now)
  }

  /**
   * Closes a channel when all that is queued on it has been sent (RFC 8831 §6.7); `host.channelClosed` follows.
   * Nothing happens where the channel is closing or closed.
   */
  close(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (channel.readyState === 'closing' || channel.readyState === 'closed') return
    const own = this.#own(channel)
    this.#backPressure.drop(now, own)
    if (own.readyState === 'connecting') {
      this.#finish(own)
    } else {
      own.readyState = 'closing'
      // An association that is shutting down takes its channels along.
      if (this.#isConnected) this.#association.resetStreams(now, [own.id])
    }
  }

  /** Ends the association when all that is queued has arrived. */
  shutdown(now: Millis): void {
    this.#now = now
    this.#association.shutdown(now)
  }

  /** Ends the association at once. */
  abort(now: Millis, reason?: string): void {
    this.#now = now
    this.#association.abort(now, reason)
  }

  /** RFC 8831 §6.4: the priority is the weight among the channels that have something to send. */
  #add(channel: Channel): void {
    this.#channels.set(channel.id, channel)
    this.#association.setWeight(channel.id, channel.priority)
  }

  get #isConnected(): boolean {
    return this.#association.state === 'established'
  }

  get #canOpen(): boolean {
    const { state } = this.#association
    return this.#isConnected || state === 'new' || state === 'cookie-wait' || state === 'cookie-echoed'
  }

  #own(channel: DataChannel): Channel {
    const own = this.#channels.get(channel.id)
    if (!own || own !== channel)
      throw new SctpError('invalid-channel', 'not an open channel of this connection')
    return own
  }

  #chooseId(options: DataChannelOptions): number {
    const isTaken = (id: number): boolean => this.#channels.has(id)
    const limit = Math.min(this.#association.outboundStreams, highestId + 1)
    if (!options.negotiated) return this.#ids.next(isTaken, limit)
    const { id } = options
    if (id === undefined || !Number.isInteger(id) || id < 0 || id >= limit)
      throw new SctpError('invalid-channel', `a negotiated channel needs an id below ${limit}`)
    if (isTaken(id)) throw new SctpError('invalid-channel', `id ${id} is taken`)
    return id
  }

  /** Tells the peer of our channel; it may be used at once (RFC 8832 §6). */
  #announce(now: Millis, channel: Channel): void {
    channel.readyState = 'open'
    if (!channel.negotiated)
      this.#association.send(now, channel.id, ProtocolId.control, encodeOpen(channel.open), uncounted)
  }

  #connected(): void {
    const waiting = [...this.#channels.values()]
    const tooHigh = waiting.filter(({ id }) => id >= this.#association.outboundStreams)
    const usable = waiting.filter(({ id }) => id < this.#association.outboundStreams)
    for (const channel of usable) this.#announce(this.#now, channel)
    this.#host.associationConnected()
    for (const channel of usable) if (channel.readyState === 'open') this.#host.opened(channel)
    for (const channel of tooHigh) this.#finish(channel)
  }

  #received(now: Millis, stream: number, protocol: number, message: Uint8Array): void {
    if (protocol === ProtocolId.control) {
      this.#receivedControl(now, stream, message)
      return
    }
    const channel = this.#channels.get(stream)
    if (!channel || channel.readyState === 'connecting' || channel.isIncomingReset) {
      this.#discarded.count('unknown-channel')
      return
    }
    // Whoever sends on the channel has seen our OPEN (RFC 8832 §6).
    channel.isAcknowledged = true
    this.#backPressure.take(now, channel, protocol, message)
  }

  #deliver(now: Millis, channel: Channel, protocol: number, message: Uint8Array): void {
    switch (protocol) {
      case ProtocolId.text:
        this.#host.received(now, channel, message, true)
        break
      case ProtocolId.binary:
        this.#host.received(now, channel, message, false)
        break
      case ProtocolId.emptyText:
        this.#host.received(now, channel, nothing, true)
        break
      case ProtocolId.emptyBinary:
        this.#host.received(now, channel, nothing, false)
        break
      default:
        this.#discarded.count('unknown-protocol')
    }
  }

  #receivedControl(now: Millis, stream: number, bytes: Uint8Array): void {
    const message = decodeDcep(bytes)
    const channel = this.#channels.get(stream)
    if (message?.type === 'open') {
      this.#receivedOpen(now, stream, message)
    } else if (message?.type === 'ack' && channel) {
      channel.isAcknowledged = true
    } else {
      this.#discarded.count('bad-dcep')
      if (!channel) this.#refuse(now, stream)
    }
  }

  #receivedOpen(now: Millis, stream: number, open: ChannelOpen): void {
    let existing = this.#channels.get(stream)
    if (existing?.isIncomingReset && this.#association.assumeReset(stream)) {
      // The peer would not use the id again before it had reset both directions.
      this.#finish(existing)
      existing = undefined
    }
    const names = open.label.length + open.protocol.length
    if (existing || !this.#canAccept(stream) || this.#foreignNames + names > maxForeignNames) {
      this.#discarded.count('refused-channel')
      // RFC 8832 §6: an OPEN on a stream that is taken, or of the wrong parity, closes the channel.
      if (existing) this.close(now, existing)
      else this.#refuse(now, stream)
      return
    }
    const { label, protocol, ordered, priority, maxRetransmits, maxPacketLifeTime } = open
    const channel = new Channel(this.#association, stream, {
      label,
      protocol,
      ordered,
      priority,
      ...(maxRetransmits === undefined ? {} : { maxRetransmits }),
      ...(maxPacketLifeTime === undefined ? {} : { maxPacketLifeTime }),
    })
    channel.isAcknowledged = true
    channel.readyState = 'open'
    channel.foreignNames = names
    this.#add(channel)
    this.#foreignNames += names
    this.#association.send(now, stream, ProtocolId.control, encodeAck(), uncounted)
    this.#host.channelOpened(channel)
  }

  #canAccept(stream: number): boolean {
    const limit = Math.min(this.#association.outboundStreams, highestId + 1)
    return (
      this.#isConnected &&
      this.#ids.isForeign(stream) &&
      stream < limit &&
      !this.#association.isResetting(stream)
    )
  }

  /** A stream that becomes no channel is reset, so that the peer closes what it thinks it has. */
  #refuse(now: Millis, stream: number): void {
    if (this.#isConnected && stream < this.#association.outboundStreams)
      this.#association.resetStreams(now, [stream])
  }

  /** The peer closes: we finish what is queued and close our side too (RFC 8831 §6.7). */
  #streamsReset(streams: readonly number[]): void {
    const ids = streams.length > 0 ? streams : [...this.#channels.keys()]
    for (const id of ids) {
      const channel = this.#channels.get(id)
      if (!channel) continue
      if (this.#backPressure.holdsReset(channel)) continue
      channel.isIncomingReset = true
      if (channel.readyState === 'open') {
        channel.readyState = 'closing'
        if (this.#isConnected) this.#association.resetStreams(this.#now, [id])
        this.#host.channelClosing(channel)
      }
      this.#finishIfReset(channel)
    }
  }

  #resetDone(streams: readonly number[], performed: boolean): void {
    for (const id of streams) {
      const channel = this.#channels.get(id)
      if (!channel) continue
      channel.isOutgoingReset = true
      // A peer that cannot or will not reset never resets its side either.
      if (!performed) channel.isIncomingReset = true
      this.#finishIfReset(channel)
    }
  }

  #finishIfReset(channel: Channel): void {
    if (channel.isIncomingReset && channel.isOutgoingReset) this.#finish(channel)
  }

  #finish(channel: Channel): void {
    if (this.#channels.get(channel.id) !== channel) return
    this.#channels.delete(channel.id)
    this.#ids.release(channel.id)
    this.#foreignNames -= channel.foreignNames
    channel.readyState = 'closed'
    this.#host.channelClosed(channel)
  }

  /** The peer's channels are gone, and it knows nothing of ours. */
  #restarted(): void {
    for (const channel of [...this.#channels.values()]) this.#finish(channel)
  }

  #closed(reason: SctpCloseReason): void {
    for (const channel of [...this.#channels.values()]) this.#backPressure.flush(this.#now, channel)
    for (const channel of [...this.#channels.values()]) this.#finish(channel)
    this.#host.associationClosed(reason)
  }
}

/**
 * The INIT of {@link DataChannels} with this configuration, for `exchangedInits` (draft-hancke-tsvwg-snap). Throws
 * {@link SctpError} `invalid-config`.
 */
export function createChannelsInit(config: SctpConfig): Uint8Array {
  return createInit({ ...channelDefaults, ...config })
}

const channelDefaults = { rtoMax: 5_000, maxRetransmits: 30, zeroChecksum: true, interleaving: true } as const

/** RFC 8832 §6: 65535 is no channel, since INIT cannot offer so many streams. */
const highestId = 65_534
/** So many bytes of label and protocol may the peer make us remember. */
const maxForeignNames = 4 * 1_048_576
const uncounted: SendOptions = { uncounted: true }
const emptyMessage = new Uint8Array(1)
const nothing = new Uint8Array(0)
