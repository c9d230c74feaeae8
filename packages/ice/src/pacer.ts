import { Millis } from '@purertc/bytes'

/**
 * Ta, RFC 8445 §14: new STUN and TURN transactions of an agent, for gathering and for checks, start this far apart, so
 * that they neither congest a link nor overrun a NAT that can only make so many bindings at a time.
 */
export class Pacer {
  readonly #own: number
  #interval: number
  /** Transactions that may follow each other sooner. */
  #urgent = 0
  #allowedAt = Millis(-Infinity)
  #wakesAt = Millis(Infinity)

  /** `interval`: what this agent wishes for. */
  constructor(interval: number) {
    this.#own = interval
    this.#interval = interval
  }

  /** What the peer wishes for is known. */
  agree(theirs: number | undefined): void {
    this.#interval = agreedPacing(this.#own, theirs)
  }

  /** Starts what may start: calls `start` while it is time and `start` finds work; wakes up later for the rest. */
  run(now: Millis, hasWork: () => boolean, start: () => boolean): void {
    while (now >= this.#allowedAt && start())
      this.#allowedAt = Millis(
        now + (this.#urgent-- > 0 ? Math.min(SMALLEST, this.#interval) : this.#interval),
      )
    this.#wakesAt = now < this.#allowedAt && hasWork() ? this.#allowedAt : Millis(Infinity)
  }

  /**
   * Checks begin: the first few go out as fast as RFC 8445 §14.2 lets an agent be, for one of the best pairs mostly works,
   * and Ta would be half a round trip each.
   */
  hurry(now: Millis): void {
    this.#urgent = HURRIED
    this.#allowedAt = Millis(Math.min(this.#allowedAt, now + SMALLEST))
  }

  stop(): void {
    this.#wakesAt = Millis(Infinity)
  }

  get nextTimeout(): Millis {
    return this.#wakesAt
  }
}

/** RFC 8445 §14.2: the larger of both, of which the peer's is the default where it proposes none. */
export function agreedPacing(ours: number, theirs: number = DEFAULT_PACING): number {
  return Math.max(ours, theirs)
}

/** Milliseconds. */
export const DEFAULT_PACING = 50

/** Milliseconds between transactions of one agent at the least, RFC 8445 §14.2. */
const SMALLEST = 5

/** Host and reflexive candidates of two interfaces. */
const HURRIED = 4
