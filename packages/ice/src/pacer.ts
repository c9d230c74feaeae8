import { Millis } from '@purertc/bytes'

/**
 * Ta, RFC 8445 §14: new STUN and TURN transactions of an agent, for gathering and for checks, start this far apart, so
 * that they neither congest a link nor overrun a NAT that can only make so many bindings at a time.
 */
export class Pacer {
  readonly #interval: number
  #allowedAt = Millis(-Infinity)
  #wakesAt = Millis(Infinity)

  constructor(interval: number) {
    this.#interval = interval
  }

  /** Starts what may start: calls `start` while it is time and `start` finds work; wakes up later for the rest. */
  run(now: Millis, hasWork: () => boolean, start: () => boolean): void {
    while (now >= this.#allowedAt && start()) this.#allowedAt = Millis(now + this.#interval)
    this.#wakesAt = now < this.#allowedAt && hasWork() ? this.#allowedAt : Millis(Infinity)
  }

  stop(): void {
    this.#wakesAt = Millis(Infinity)
  }

  get nextTimeout(): Millis {
    return this.#wakesAt
  }
}
