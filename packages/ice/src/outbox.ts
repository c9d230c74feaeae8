/**
 * Keeps an agent's handlers whole: what they want to tell the host, or send, waits until the outermost handler is
 * done. A callback may then call into the agent again and finds it in a consistent state; what that call posts leaves
 * behind what was posted before.
 */
export class Outbox {
  readonly #queue: (() => void)[] = []
  #depth = 0

  /** Whether no handler is open, nor anything left to be told. */
  get isIdle(): boolean {
    return this.#depth === 0 && this.#queue.length === 0
  }

  /** Opens a handler; every one is closed by {@link Outbox.leave}, come what may. */
  enter(): void {
    this.#depth++
  }

  /** Whether the handler that leaves next is the outermost one. */
  get isOutermost(): boolean {
    return this.#depth === 1
  }

  /** Closes a handler. The outermost one sends what was posted; a callback's exception passes, the rest stays. */
  leave(): void {
    try {
      if (this.#depth === 1)
        for (let action = this.#queue.shift(); action !== undefined; action = this.#queue.shift()) action()
    } finally {
      this.#depth--
    }
  }

  post(action: () => void): void {
    this.#queue.push(action)
  }
}
