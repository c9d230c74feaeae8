import type { Millis } from '@purertc/bytes'

import type { SctpAssociation } from '../association/association.ts'
import type { BackPressure } from './back-pressure.ts'
import type { ChannelRegistry } from './channel-registry.ts'
import type { Channel } from './data-channel.ts'

export interface ChannelClosingHost {
  /** The peer closes the channel. */
  closing(channel: Channel): void
  closed(channel: Channel): void
}

/** Closes channels by resetting their streams, each end its own: RFC 8831 §6.7. */
export class ChannelClosing {
  readonly #association: SctpAssociation
  readonly #registry: ChannelRegistry
  readonly #backPressure: BackPressure
  readonly #host: ChannelClosingHost

  constructor(
    association: SctpAssociation,
    registry: ChannelRegistry,
    backPressure: BackPressure,
    host: ChannelClosingHost,
  ) {
    this.#association = association
    this.#registry = registry
    this.#backPressure = backPressure
    this.#host = host
  }

  /** Nothing happens where the channel is closing or closed. */
  close(now: Millis, channel: Channel): void {
    if (channel.readyState === 'closing' || channel.readyState === 'closed') return
    this.#backPressure.drop(now, channel)
    if (channel.readyState === 'connecting') {
      this.finish(channel)
    } else {
      channel.readyState = 'closing'
      // An association that is shutting down takes its channels along.
      this.#reset(now, channel)
    }
  }

  /** The peer closes: we finish what is queued and close our side, too. None means all. */
  handleStreamsReset(now: Millis, streams: readonly number[]): void {
    const ids = streams.length > 0 ? streams : this.#registry.all().map(({ id }) => id)
    for (const id of ids) {
      const channel = this.#registry.get(id)
      if (!channel || this.#backPressure.holdsReset(channel)) continue
      channel.isIncomingReset = true
      if (channel.readyState === 'open') {
        channel.readyState = 'closing'
        this.#reset(now, channel)
        this.#host.closing(channel)
      }
      this.#finishIfReset(channel)
    }
  }

  handleResetDone(streams: readonly number[], performed: boolean): void {
    for (const id of streams) {
      const channel = this.#registry.get(id)
      if (!channel) continue
      channel.isOutgoingReset = true
      // A peer that cannot or will not reset never resets its side either.
      if (!performed) channel.isIncomingReset = true
      this.#finishIfReset(channel)
    }
  }

  finish(channel: Channel): void {
    if (!this.#registry.remove(channel)) return
    channel.readyState = 'closed'
    this.#host.closed(channel)
  }

  #reset(now: Millis, { id }: Channel): void {
    if (this.#association.state === 'established') this.#association.resetStreams(now, [id])
  }

  #finishIfReset(channel: Channel): void {
    if (channel.isIncomingReset && channel.isOutgoingReset) this.finish(channel)
  }
}
