import type { Counters, Millis } from '@purertc/bytes'

import type { SctpAssociation } from '../association/association.ts'
import type { SendOptions } from '../association/host.ts'
import type { ChannelClosing } from './channel-closing.ts'
import type { ChannelRegistry } from './channel-registry.ts'
import { Channel } from './data-channel.ts'
import { type ChannelOpen, decodeDcep, encodeAck, encodeOpen } from './dcep.ts'
import type { ChannelDiscard } from './host.ts'
import { ProtocolId } from './protocol-id.ts'

/** Opens channels in both directions, RFC 8832 §6. */
export class ChannelOpening {
  readonly #association: SctpAssociation
  readonly #registry: ChannelRegistry
  readonly #closing: ChannelClosing
  readonly #discarded: Counters<ChannelDiscard>
  readonly #opened: (channel: Channel) => void

  /** `opened` is told of channels of the peer's. */
  constructor(
    association: SctpAssociation,
    registry: ChannelRegistry,
    closing: ChannelClosing,
    discarded: Counters<ChannelDiscard>,
    opened: (channel: Channel) => void,
  ) {
    this.#association = association
    this.#registry = registry
    this.#closing = closing
    this.#discarded = discarded
    this.#opened = opened
  }

  /** RFC 8831 §6.4: the priority is the weight among the channels that have something to send. */
  add(channel: Channel): void {
    this.#registry.add(channel)
    this.#association.setWeight(channel.id, channel.priority)
  }

  /** Tells the peer of our channel; it may be used at once (RFC 8832 §6). */
  announce(now: Millis, channel: Channel): void {
    channel.readyState = 'open'
    if (!channel.negotiated)
      this.#association.send(now, channel.id, ProtocolId.control, encodeOpen(channel.open), uncounted)
  }

  handleControl(now: Millis, stream: number, bytes: Uint8Array): void {
    const message = decodeDcep(bytes)
    const channel = this.#registry.get(stream)
    if (message?.type === 'open') {
      this.#handleOpen(now, stream, message)
    } else if (message?.type === 'ack' && channel) {
      channel.isAcknowledged = true
    } else {
      this.#discarded.count('bad-dcep')
      if (!channel) this.#refuse(now, stream)
    }
  }

  #handleOpen(now: Millis, stream: number, open: ChannelOpen): void {
    let existing = this.#registry.get(stream)
    if (existing?.isIncomingReset && this.#association.assumeReset(stream)) {
      // The peer would not use the id again before it had reset both directions.
      this.#closing.finish(existing)
      existing = undefined
    }
    const names = open.label.length + open.protocol.length
    if (existing || !this.#canAccept(stream, names)) {
      this.#discarded.count('refused-channel')
      // RFC 8832 §6: an OPEN on a stream that is taken, or of the wrong parity, closes the channel.
      if (existing) this.#closing.close(now, existing)
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
    this.add(channel)
    this.#association.send(now, stream, ProtocolId.control, encodeAck(), uncounted)
    this.#opened(channel)
  }

  #canAccept(stream: number, names: number): boolean {
    return (
      this.#association.state === 'established' &&
      this.#registry.mayTake(stream, names, this.#association.outboundStreams) &&
      !this.#association.isResetting(stream)
    )
  }

  /** A stream that becomes no channel is reset, so that the peer closes what it thinks it has. */
  #refuse(now: Millis, stream: number): void {
    if (this.#association.state === 'established' && stream < this.#association.outboundStreams)
      this.#association.resetStreams(now, [stream])
  }
}

const uncounted: SendOptions = { uncounted: true }
