import { operationError } from '../errors.ts'

/**
 * Lets writers wait until little waits to be sent. They and the application have a threshold each, and the transport knows
 * one at a time: the next that what waits in it will fall to.
 */
export class SendRoom {
  readonly #bufferedAmount: () => number
  readonly #changed: () => void
  #waiting: { readonly threshold: number; readonly goOn: () => void }[] = []
  #threshold = 0
  /** What the transport was told. */
  #next = 0

  /** `changed` is called when {@link SendRoom.nextThreshold} may be another. */
  constructor(bufferedAmount: () => number, changed: () => void) {
    this.#bufferedAmount = bufferedAmount
    this.#changed = changed
  }

  /** The application's. */
  get threshold(): number {
    return this.#threshold
  }

  set threshold(bytes: number) {
    this.#threshold = bytes
    this.#changed()
  }

  /** Somebody has sent: what waits may be above another threshold again. */
  written(): void {
    if (this.#waiting.length > 0) this.#changed()
  }

  /** Bytes at which the transport is to tell, where so many wait in it. */
  nextThreshold(queued: number): number {
    const all = [this.#threshold, ...this.#waiting.map(({ threshold }) => threshold)]
    const ahead = all.filter((threshold) => threshold < queued)
    this.#next = Math.max(...(ahead.length > 0 ? ahead : all))
    return this.#next
  }

  /** The transport has told, and so many bytes wait in it: whether they have fallen to the application's threshold. */
  isReached(queued: number): boolean {
    return this.#next >= this.#threshold && queued <= this.#threshold
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
