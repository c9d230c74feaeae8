import type { Millis } from '@purertc/bytes'

import type { PathMtu } from '../path/path-mtu.ts'
import type { Context } from './context.ts'
import type { Shutdown } from './shutdown.ts'
import type { Transfer } from './transfer.ts'

/**
 * Brackets what an association does. What was sent inside a host callback leaves with the outermost call, so DATA and
 * SACK share a packet.
 */
export class Departure {
  readonly #context: Context
  readonly #transfer: Transfer
  readonly #pathMtu: PathMtu
  readonly #shutdown: Shutdown
  readonly #bufferedAmountLow: (stream: number) => void
  #depth = 0

  constructor(
    context: Context,
    transfer: Transfer,
    pathMtu: PathMtu,
    shutdown: Shutdown,
    bufferedAmountLow: (stream: number) => void,
  ) {
    this.#context = context
    this.#transfer = transfer
    this.#pathMtu = pathMtu
    this.#shutdown = shutdown
    this.#bufferedAmountLow = bufferedAmountLow
  }

  /** Nothing leaves until {@link Departure.leave}, once for each. */
  enter(): void {
    this.#depth++
  }

  leave(now: Millis): void {
    try {
      while (this.#depth === 1) {
        this.#produce(now)
        const low = this.#transfer.sender.queue.takeLow()
        if (low) for (const stream of low) this.#bufferedAmountLow(stream)
        else if (!this.#context.output.isPending) break
      }
    } finally {
      this.#depth--
    }
  }

  bracket(now: Millis, action: () => void): void {
    this.#depth++
    try {
      action()
    } finally {
      this.leave(now)
    }
  }

  #produce(now: Millis): void {
    const { output } = this.#context
    const { sender, receiver, streamReset } = this.#transfer
    if (receiver) this.#considerPacketSize(now)
    output.begin()
    if (receiver && this.#context.state !== 'closed') {
      const { packet } = output
      if (receiver.isSackDue || (receiver.isSackPending && sender.wantsToSend(now)))
        receiver.writeSack(packet)
      sender.produce(now, packet)
      // Streams and the association may end once their last message is on its way.
      streamReset?.produce(now)
      if (this.#context.state !== 'established' && sender.isDrained)
        this.#shutdown.drained(now, receiver.cumulativeTsn)
      output.begin()
    }
    output.packet.flush()
  }

  #considerPacketSize(now: Millis): void {
    const { settings, state } = this.#context
    const { sender } = this.#transfer
    if (state === 'closed') return
    if (sender.takeDoubt()) this.#pathMtu.suspect(now)
    else if (this.#pathMtu.isIdle && sender.queue.queuedBytes > worthSearching * settings.mtu)
      this.#pathMtu.begin(now)
  }
}

/** So many packets' worth of data, and larger packets are worth the search. */
const worthSearching = 4
