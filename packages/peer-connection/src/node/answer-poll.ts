import type { Millis } from '@purertc/bytes'

/** The event loop that a poll keeps awake. */
export interface PolledLoop {
  /** Monotonic. */
  readonly now: () => Millis
  /** Runs `turn` in the next turn, for which the loop does not go to sleep. */
  readonly nextTurn: (turn: () => void) => void
}

/**
 * Keeps the event loop awake for the moment in which a message's answer may come. On a machine with cores to spare a
 * process that falls asleep is woken 25 to 100 µs later, at each end of a round trip: longer than all else takes
 * together, and dearer, too. Hypervisors poll in the same way before they halt a processor.
 *
 * It costs processor time where no answer comes, so it has to pay: after each poll in vain twice as many messages go
 * without as before, {@link MOST_SKIPPED} at most, and half as many after each that was of use. What comes by chance
 * as often as not keeps nobody awake.
 */
export class AnswerPoll {
  readonly #loop: PolledLoop
  #until = 0
  /** Whether an answer would still be in time. */
  #isWaiting = false
  /** Whether a turn is asked for. */
  #isAwake = false
  /** Messages that go without a poll after the next one; of a power of two one less. */
  #skips = 0
  #left = 0

  constructor(loop: PolledLoop) {
    this.#loop = loop
  }

  /** The application sends a message. */
  sent(): void {
    if (this.#isWaiting) return
    if (this.#left > 0) {
      this.#left--
      return
    }
    this.#isWaiting = true
    this.#until = this.#loop.now() + WINDOW
    if (!this.#isAwake) this.#stayAwake()
  }

  /** A message has come. */
  received(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#skips >>= 1
    this.#left = this.#skips
  }

  /** The loop may sleep. */
  close(): void {
    this.#isWaiting = false
    this.#left = Infinity
  }

  #stayAwake(): void {
    this.#isAwake = true
    this.#loop.nextTurn(this.#turn)
  }

  readonly #turn = (): void => {
    this.#isAwake = false
    if (!this.#isWaiting) return
    if (this.#loop.now() < this.#until) {
      this.#stayAwake()
      return
    }
    this.#isWaiting = false
    this.#skips = Math.min(2 * this.#skips + 1, MOST_SKIPPED)
    this.#left = this.#skips
  }
}

/** Milliseconds: a round trip on one machine, with an end that has to be woken. */
const WINDOW = 0.25
/** So a message costs a microsecond more at most. */
const MOST_SKIPPED = 255
