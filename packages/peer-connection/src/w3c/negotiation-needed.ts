import type { EventQueue } from './event-queue.ts'

/** What the decision depends on, asked when it is made. */
export interface NegotiationConditions {
  isClosed(): boolean
  /** Whether an operation of the connection is running or waiting. */
  isBusy(): boolean
  isStable(): boolean
  /** Whether something is there that the descriptions in force do not tell. */
  isNeeded(): boolean
  fire(): void
}

/** When `negotiationneeded` is fired, WebRTC §4.7.3: once for each need, and never while descriptions are exchanged. */
export class NegotiationNeeded {
  readonly #events: EventQueue
  readonly #conditions: NegotiationConditions
  #isFlagged = false
  #asksAgainWhenIdle = false

  constructor(events: EventQueue, conditions: NegotiationConditions) {
    this.#events = events
    this.#conditions = conditions
  }

  /** Something changed that may need a negotiation. */
  update(): void {
    if (this.#conditions.isBusy()) this.#asksAgainWhenIdle = true
    else this.#events.postLater(() => this.#decide())
  }

  /** The last operation is done. */
  idle(): void {
    if (!this.#asksAgainWhenIdle) return
    this.#asksAgainWhenIdle = false
    this.update()
  }

  /** A negotiation is complete; what came up meanwhile needs another. */
  settled(): void {
    this.#isFlagged = false
    this.update()
  }

  #decide(): void {
    const conditions = this.#conditions
    if (conditions.isClosed()) return
    if (conditions.isBusy()) this.#asksAgainWhenIdle = true
    else if (conditions.isStable() && this.#isFlagged !== conditions.isNeeded()) {
      this.#isFlagged = !this.#isFlagged
      if (this.#isFlagged) conditions.fire()
    }
  }
}
