import { Millis } from '@purertc/bytes'

/**
 * When what the selected pair does not need is given back, RFC 8445 §8.3: a while after checking is complete, for the peer
 * may need what this agent does not. Once a session.
 */
export class Conclusion {
  #at: Millis = NEVER
  #isDone = false

  get nextTimeout(): Millis {
    return this.#at
  }

  /** Checking is complete. */
  schedule(now: Millis): void {
    if (!this.#isDone) this.#at = Millis(now + DELAY)
  }

  /** Whether it is time; `isComplete`: and nothing has happened since. */
  take(now: Millis, isComplete: boolean): boolean {
    if (now < this.#at) return false
    this.#at = NEVER
    this.#isDone = isComplete
    return isComplete
  }

  stop(): void {
    this.#at = NEVER
  }

  /** A new session begins. */
  reset(): void {
    this.#at = NEVER
    this.#isDone = false
  }
}

const DELAY = 3_000

const NEVER = Millis(Infinity)
