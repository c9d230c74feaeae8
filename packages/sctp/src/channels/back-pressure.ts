import type { Millis } from '@purertc/bytes'

import type { SctpAssociation } from '../association/association.ts'
import type { Arrival } from './arrival.ts'
import type { Channel } from './data-channel.ts'
import { HeldMessages } from './held-messages.ts'

export interface BackPressureHost {
  deliver(now: Millis, channel: Channel, kind: Arrival, protocol: number, message: Uint8Array): void
  /** The peer has reset its stream, and all that came before was delivered. */
  resetReached(now: Millis, channel: Channel): void
}

/**
 * Holds the messages of paused channels back. What is held counts against the association's receive window, so that the
 * peer slows down and in the end stops. A reset of the peer's stream waits behind the messages before it.
 */
export class BackPressure {
  readonly #association: SctpAssociation
  readonly #host: BackPressureHost

  constructor(association: SctpAssociation, host: BackPressureHost) {
    this.#association = association
    this.#host = host
  }

  pause(channel: Channel): void {
    channel.isPaused = true
    channel.held ??= new HeldMessages()
  }

  /** Delivers what is held, until the channel is paused again. */
  resume(now: Millis, channel: Channel): void {
    channel.isPaused = false
    this.#association.batch(now, () => this.#deliverHeld(now, channel))
  }

  /** Delivers the message or the part, or holds it back. */
  take(now: Millis, channel: Channel, kind: Arrival, protocol: number, message: Uint8Array): void {
    if (channel.held === null) this.#host.deliver(now, channel, kind, protocol, message)
    else this.#association.holdReceived(now, channel.held.push(kind, protocol, message))
  }

  /** Whether the reset has to wait; `resetReached` follows. */
  holdsReset(channel: Channel): boolean {
    if (channel.held?.isEmpty !== false) return false
    channel.isResetHeld = true
    return true
  }

  /** The association is over: what has arrived is delivered, whether the channel is paused or not. */
  flush(now: Millis, channel: Channel): void {
    channel.isPaused = false
    channel.isResetHeld = false
    this.#deliverHeld(now, channel)
  }

  /** The channel is being closed here: nobody wants what is held. */
  drop(now: Millis, channel: Channel): void {
    const { held } = channel
    if (held === null) return
    channel.isPaused = false
    for (let next = held.shift(); next !== null; next = held.shift())
      this.#association.holdReceived(now, -next.cost)
    this.#end(now, channel)
  }

  #deliverHeld(now: Millis, channel: Channel): void {
    const { held } = channel
    if (held === null) return
    while (!channel.isPaused) {
      const next = held.shift()
      if (next === null) break
      this.#association.holdReceived(now, -next.cost)
      this.#host.deliver(now, channel, next.kind, next.protocol, next.message)
    }
    if (!channel.isPaused && held.isEmpty) this.#end(now, channel)
  }

  #end(now: Millis, channel: Channel): void {
    channel.held = null
    if (!channel.isResetHeld) return
    channel.isResetHeld = false
    this.#host.resetReached(now, channel)
  }
}
