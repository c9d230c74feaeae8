import type { Counters, Millis } from '@purertc/bytes'

import { Arrival } from './arrival.ts'
import type { BackPressure } from './back-pressure.ts'
import type { ChannelClosing } from './channel-closing.ts'
import type { ChannelOpening } from './channel-opening.ts'
import type { ChannelRegistry } from './channel-registry.ts'
import type { Channel } from './data-channel.ts'
import type { ChannelDiscard, DataChannelHost } from './host.ts'
import { ProtocolId } from './protocol-id.ts'

/** Sees to it that what arrives gets to its channel, by the payload protocol identifiers of RFC 8831 §8. */
export class Arrivals {
  readonly #host: DataChannelHost
  readonly #registry: ChannelRegistry
  readonly #opening: ChannelOpening
  readonly #closing: ChannelClosing
  readonly #backPressure: BackPressure
  readonly #discarded: Counters<ChannelDiscard>

  constructor(
    host: DataChannelHost,
    registry: ChannelRegistry,
    opening: ChannelOpening,
    closing: ChannelClosing,
    backPressure: BackPressure,
    discarded: Counters<ChannelDiscard>,
  ) {
    this.#host = host
    this.#registry = registry
    this.#opening = opening
    this.#closing = closing
    this.#backPressure = backPressure
    this.#discarded = discarded
  }

  /** The association has a message, or a part of one. */
  handle(now: Millis, stream: number, kind: Arrival, protocol: number, message: Uint8Array): void {
    if (protocol === ProtocolId.control) {
      if (kind === Arrival.message) this.#opening.handleControl(now, stream, message)
      else this.#discarded.count('bad-dcep')
      return
    }
    const channel = this.#registry.get(stream)
    if (!channel || channel.readyState === 'connecting' || channel.isIncomingReset) {
      this.#discarded.count('unknown-channel')
      return
    }
    // Whoever sends on the channel has seen our OPEN (RFC 8832 §6).
    channel.isAcknowledged = true
    this.#backPressure.take(now, channel, kind, protocol, message)
  }

  /** Hands up what no pause holds back. */
  deliver(now: Millis, channel: Channel, kind: Arrival, protocol: number, message: Uint8Array): void {
    if (kind !== Arrival.message) {
      this.#deliverPart(now, channel, kind, protocol, message)
      return
    }
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
        this.#refuse(now, channel)
    }
  }

  #deliverPart(now: Millis, channel: Channel, kind: Arrival, protocol: number, part: Uint8Array): void {
    if (kind === Arrival.broken) this.#host.messageBroken?.(now, channel)
    else if (protocol === ProtocolId.text || protocol === ProtocolId.binary)
      this.#host.receivedPart?.(now, channel, part, protocol === ProtocolId.text, kind === Arrival.lastPart)
    else this.#refuse(now, channel)
  }

  /** RFC 8831 §6.6: whoever sends what is none of its messages has its channel closed. */
  #refuse(now: Millis, channel: Channel): void {
    this.#discarded.count('unknown-protocol')
    this.#closing.close(now, channel)
  }
}

const nothing = new Uint8Array(0)
