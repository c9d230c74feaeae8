/** How a client comes back after its connection broke. */
export interface ReconnectOptions {
  /** Milliseconds that the first try waits at most, 250 by default; each further one waits twice as long at most. */
  readonly initial?: number
  /** Milliseconds that no try waits longer than, 10,000 by default. */
  readonly max?: number
  /** Tries in a row, 12 by default, which is about a minute; then the client is closed. */
  readonly attempts?: number
}

/** Waits that double, each drawn from all of its span: a server that restarts is not met by all clients at once. */
export class Backoff {
  readonly #initial: number
  readonly #max: number
  readonly #attempts: number
  readonly #random: () => number
  #attempt = 0

  constructor(
    { initial = 250, max = 10_000, attempts = 12 }: ReconnectOptions,
    /** From 0 to 1. */
    random: () => number,
  ) {
    this.#initial = initial
    this.#max = max
    this.#attempts = attempts
    this.#random = random
  }

  /** Tries since the last success. */
  get attempt(): number {
    return this.#attempt
  }

  /** The next wait in milliseconds; `null` when enough was tried. */
  next(): number | null {
    if (this.#attempt >= this.#attempts) return null
    return this.#random() * Math.min(this.#max, this.#initial * 2 ** this.#attempt++)
  }

  reset(): void {
    this.#attempt = 0
  }
}
