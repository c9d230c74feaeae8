import type { Millis } from '@purertc/bytes'

import type { AgentParts } from './agent-parts.ts'
import type { SocketBase } from './base.ts'
import { IceError } from './ice-error.ts'

/**
 * The bracket around an agent's entry points: what one has caused is settled before it ends, and what is to be told or sent
 * leaves with the outermost one.
 */
export class Entry {
  readonly #parts: AgentParts

  constructor(parts: AgentParts) {
    this.#parts = parts
  }

  /** For the application. Throws {@link IceError} `closed`. */
  command(now: Millis, body: () => void): void {
    const { processing } = this.#parts
    if (processing.isClosed) throw new IceError('closed', 'the agent was closed')
    this.handle(now, () => {
      processing.unsettle()
      body()
    })
  }

  /** For what comes from a socket. `isNews`: whatever comes of it, conclusions are to be drawn. */
  fromSocket(now: Millis, socket: number, body: (base: SocketBase) => void, isNews = true): void {
    const base = this.baseOf(socket)
    if (base === undefined) return
    if (isNews) this.#parts.processing.unsettle()
    this.handle(now, () => body(base))
  }

  baseOf(socket: number): SocketBase | undefined {
    const base = this.#parts.gatherer.baseOf(socket)
    if (base === undefined) this.#parts.discarded.count('unknown-socket')
    return base
  }

  handle(now: Millis, body: () => void): void {
    const { outbox, processing } = this.#parts
    processing.forgetTimeout()
    outbox.enter()
    try {
      body()
      processing.settle(now)
    } finally {
      outbox.leave()
      // What leaves over a relay moves the timers of its allocation.
      processing.forgetTimeout()
    }
  }
}
