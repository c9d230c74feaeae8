import { copyBytes } from '@purertc/bytes'

import type { Arrival } from './arrival.ts'

/** A message, or a part of one, as the association delivered it. */
export interface HeldMessage {
  readonly kind: Arrival
  readonly protocol: number
  readonly message: Uint8Array
  /** Bytes that it takes of the receive window. */
  readonly cost: number
}

/** Messages of a paused channel, oldest first. They count against the receive window, which is what slows the peer. */
export class HeldMessages {
  #messages: HeldMessage[] = []
  #next = 0

  get isEmpty(): boolean {
    return this.#next === this.#messages.length
  }

  /** Copies the message and returns what it costs. */
  push(kind: Arrival, protocol: number, message: Uint8Array): number {
    const cost = message.length + overhead
    this.#messages.push({ kind, protocol, message: copyBytes(message), cost })
    return cost
  }

  shift(): HeldMessage | null {
    const message = this.#messages[this.#next]
    if (message === undefined) return null
    this.#next++
    if (this.#next > 64 && 2 * this.#next > this.#messages.length) {
      this.#messages = this.#messages.slice(this.#next)
      this.#next = 0
    }
    return message
  }
}

/** Memory that a message costs beside its bytes: empty ones must not be free. */
const overhead = 128
