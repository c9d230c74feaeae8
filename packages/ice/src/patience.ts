import { Millis } from '@purertc/bytes'

/**
 * RFC 8863 §4: however little there is to check, an agent does not fail before a while has passed since checks began, for
 * the peer may still find a way in.
 */
export class Patience {
  /** Infinity before it begins, -Infinity after its end. */
  #until: Millis = Millis(Infinity)

  begin(now: Millis, duration: number): void {
    this.#until = Millis(now + duration)
  }

  isOver(now: Millis): boolean {
    return now >= this.#until
  }

  /** Once its end has been noticed it wakes nobody any more. */
  handleTimeout(now: Millis): void {
    if (now >= this.#until) this.#until = Millis(-Infinity)
  }

  get nextTimeout(): Millis {
    return this.#until === -Infinity ? Millis(Infinity) : this.#until
  }
}
