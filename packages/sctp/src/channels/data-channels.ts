import { Counters, type Millis } from '@purertc/bytes'

import { SctpAssociation } from '../association/association.ts'
import type { Discard } from '../association/context.ts'
import type { SctpHost, SendOptions } from '../association/host.ts'
import type { MessageWriter } from '../association/message-writer.ts'
import { type AssociationState, isOpen, type SctpCloseReason } from '../association/state.ts'
import { SctpError } from '../errors.ts'
import { Arrival } from './arrival.ts'
import { Arrivals } from './arrivals.ts'
import { BackPressure } from './back-pressure.ts'
import { ChannelClosing } from './channel-closing.ts'
import { ChannelOpening } from './channel-opening.ts'
import { ChannelRegistry } from './channel-registry.ts'
import { openChannelMessage } from './channel-message.ts'
import { Channel, type DataChannel, type DataChannelOptions } from './data-channel.ts'
import type { AssociationView } from './association-view.ts'
import { withChannelDefaults, type DataChannelsConfig } from './config.ts'
import { encodeOpen } from './dcep.ts'
import type { ChannelDiscard, DataChannelHost } from './host.ts'
import { ProtocolId } from './protocol-id.ts'

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
  readonly #registry: ChannelRegistry
  readonly #backPressure: BackPressure
  readonly #closing: ChannelClosing
  readonly #opening: ChannelOpening
  readonly #arrivals: Arrivals
  readonly #discarded = new Counters<ChannelDiscard>()
  #now = 0 as Millis

  /** Throws {@link SctpError} `invalid-config`. */
  constructor(config: DataChannelsConfig, host: DataChannelHost) {
    this.#host = host
    this.#registry = new ChannelRegistry(config.dtlsRole)
    this.#association = new SctpAssociation(withChannelDefaults(config), this.#associationHost(host))
    this.#backPressure = new BackPressure(this.#association, {
      deliver: (now, channel, kind, protocol, message) =>
        this.#arrivals.deliver(now, channel, kind, protocol, message),
      resetReached: (now, channel) => this.#closing.handleStreamsReset(now, [channel.id]),
    })
    this.#closing = new ChannelClosing(this.#association, this.#registry, this.#backPressure, {
      closing: (channel) => host.channelClosing(channel),
      closed: (channel) => host.channelClosed(channel),
    })
    this.#opening = new ChannelOpening(
      this.#association,
      this.#registry,
      this.#closing,
      this.#discarded,
      (channel) => host.channelOpened(channel),
    )
    this.#arrivals = new Arrivals(
      host,
      this.#registry,
      this.#opening,
      this.#closing,
      this.#backPressure,
      this.#discarded,
    )
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
    return this.#registry.values()
  }

  /** What was dropped, by reason. */
  get discarded(): Partial<Record<Discard | ChannelDiscard, number>> {
    return { ...this.#association.discarded.snapshot(), ...this.#discarded.snapshot() }
  }

  /** The association's measurements and settings that may change while it stands. */
  get association(): AssociationView {
    return this.#association
  }

  /** Begins the SCTP handshake, as {@link SctpAssociation.connect}. */
  connect(now: Millis, patience = 0): void {
    this.#now = now
    this.#association.connect(now, patience)
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
    if (!isOpen(this.#association.state))
      throw new SctpError('closed', 'the association is closed or shutting down')
    const { remoteMaxMessageSize, outboundStreams } = this.#association
    const id = this.#registry.chooseId(options.id, options.negotiated ?? false, outboundStreams)
    const channel = new Channel(this.#association, id, options)
    if (
      !channel.negotiated &&
      remoteMaxMessageSize > 0 &&
      encodeOpen(channel.open).length > remoteMaxMessageSize
    )
      throw new SctpError('message-too-large', 'label and protocol do not fit a message to this peer')
    this.#opening.add(channel)
    if (this.#isConnected) this.#opening.announce(now, channel)
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

  /** Whether {@link DataChannels.openMessage} works with this peer; known once connected. */
  get canStreamMessages(): boolean {
    return this.#association.canStreamMessages
  }

  /**
   * Begins a message that is sent while it is written, and held nowhere whole: of any size that the peer takes. What is
   * sent on the channel afterwards follows it; other channels are not held up.
   *
   * Throws {@link SctpError} `invalid-channel` unless the channel is open and reliable, `cannot-stream` where the peer does
   * not interleave messages.
   *
   * @example
   * const file = channels.openMessage(now, channel, false)
   * file.write(now, bytes) // as bufferedAmount allows
   * file.end(now)
   */
  openMessage(now: Millis, channel: DataChannel, isText: boolean): MessageWriter {
    this.#now = now
    const own = this.#own(channel)
    if (own.readyState !== 'open') throw new SctpError('invalid-channel', `the channel is ${own.readyState}`)
    if (!own.isReliable)
      throw new SctpError('invalid-channel', 'a message that may be given up is sent as a whole')
    return openChannelMessage(this.#association, now, own, isText, (at) => {
      this.#now = at
    })
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
   * Closes a channel when all that is queued on it has been sent (RFC 8831 §6.7); `host.channelClosed` follows. A message
   * that is still being written is given up.
   * Nothing happens where the channel is closing or closed.
   */
  close(now: Millis, channel: DataChannel): void {
    this.#now = now
    if (channel.readyState !== 'closing' && channel.readyState !== 'closed')
      this.#closing.close(now, this.#own(channel))
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

  #associationHost(host: DataChannelHost): SctpHost {
    return {
      transmit: (packet, more) => host.transmit(packet, more),
      connected: () => this.#connected(),
      received: (now, stream, protocol, message) =>
        this.#arrivals.handle(now, stream, Arrival.message, protocol, message),
      receivedPart: (now, stream, protocol, part, isLast) =>
        this.#arrivals.handle(now, stream, isLast ? Arrival.lastPart : Arrival.part, protocol, part),
      messageBroken: (now, stream) =>
        this.#arrivals.handle(now, stream, Arrival.broken, ProtocolId.binary, nothing),
      bufferedAmountLow: (stream) => {
        const channel = this.#registry.get(stream)
        if (channel) host.bufferedAmountLow(channel)
      },
      streamsReset: (streams) => this.#closing.handleStreamsReset(this.#now, streams),
      resetDone: (streams, performed) => this.#closing.handleResetDone(streams, performed),
      restarted: () => this.#restarted(),
      closed: (reason) => this.#closed(reason),
    }
  }

  get #isConnected(): boolean {
    return this.#association.state === 'established'
  }

  #own(channel: DataChannel): Channel {
    const own = this.#registry.get(channel.id)
    if (!own || own !== channel)
      throw new SctpError('invalid-channel', 'not an open channel of this connection')
    return own
  }

  #connected(): void {
    const waiting = this.#registry.all()
    const tooHigh = waiting.filter(({ id }) => id >= this.#association.outboundStreams)
    const usable = waiting.filter(({ id }) => id < this.#association.outboundStreams)
    for (const channel of usable) this.#opening.announce(this.#now, channel)
    this.#host.associationConnected()
    for (const channel of usable) if (channel.readyState === 'open') this.#host.opened(channel)
    for (const channel of tooHigh) this.#closing.finish(channel)
  }

  /** The peer's channels are gone, and it knows nothing of ours. */
  #restarted(): void {
    for (const channel of this.#registry.all()) this.#closing.finish(channel)
  }

  #closed(reason: SctpCloseReason): void {
    for (const channel of this.#registry.all()) this.#backPressure.flush(this.#now, channel)
    for (const channel of this.#registry.all()) this.#closing.finish(channel)
    this.#host.associationClosed(reason)
  }
}

const uncounted: SendOptions = { uncounted: true }
const emptyMessage = new Uint8Array(1)
const nothing = new Uint8Array(0)
