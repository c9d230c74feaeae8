import { operationError } from '../errors.ts'

/**
 * Lets writers wait until little waits to be sent. The transport knows one threshold for all of them and the application.
 */
export class SendRoom {
  readonly #bufferedAmount: () => number
  readonly #changed: () => void
  #waiting: { readonly threshold: number; readonly goOn: () => void }[] = []

  /** `changed` is called when {@link SendRoom.threshold} is another. */
  constructor(bufferedAmount: () => number, changed: () => void) {
    this.#bufferedAmount = bufferedAmount
    this.#changed = changed
  }

  /** Bytes at which {@link SendRoom.low} is to be called. */
  get threshold(): number {
    return Math.max(0, ...this.#waiting.map(({ threshold }) => threshold))
  }

  /** Resolves when so few bytes wait to be sent, or nobody sends any more. */
  wait(threshold: number): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ threshold, goOn: resolve })
      this.#changed()
    })
  }

  /** Less waits to be sent, or the channel has opened. */
  low(): void {
    if (this.#waiting.length === 0) return
    const left = this.#bufferedAmount()
    this.#goOn(({ threshold }) => left <= threshold)
  }

  /** The channel is closed: writers find out by themselves. */
  release(): void {
    this.#goOn(() => true)
  }

  #goOn(may: (waiting: { readonly threshold: number }) => boolean): void {
    const going = this.#waiting.filter(may)
    this.#waiting = this.#waiting.filter((waiting) => !may(waiting))
    this.#changed()
    for (const { goOn } of going) goOn()
  }
}

/** Bytes that wait to be sent: enough for a fast network while the event loop is elsewhere. */
export const HIGH_WATER = 2_097_152
export const LOW_WATER = 1_048_576

/** Throws a TypeError for more than `limit` bytes, 0 for no limit; OperationError where too much waits already. */
export function checkSize(size: number, buffered: number, limit: number): void {
  if (limit !== 0 && size > limit) throw new TypeError(`the peer takes ${limit} bytes at most, not ${size}`)
  if (size + buffered > MAX_BUFFERED) throw operationError(`${buffered} bytes wait to be sent already`)
}

/** As in browsers. An application that respects `bufferedAmount` never meets it. */
export const MAX_BUFFERED = 16_777_216
