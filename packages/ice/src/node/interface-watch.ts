/**
 * Notices that addresses come and go. No system tells Node, so that it has to look now and then. The timer does not keep
 * the process alive.
 */
export class InterfaceWatch {
  readonly #read: () => readonly string[]
  readonly #changed: () => void
  readonly #interval: number
  #timer: NodeJS.Timeout | undefined
  #known = ''

  /** `interval`: milliseconds. */
  constructor(read: () => readonly string[], changed: () => void, interval: number = DEFAULT_INTERVAL) {
    this.#read = read
    this.#changed = changed
    this.#interval = interval
  }

  /** Looks from now on; what there is now is known. */
  start(): void {
    if (this.#timer !== undefined) return
    this.#known = this.#look()
    this.#timer = setInterval(() => {
      const seen = this.#look()
      if (seen === this.#known) return
      this.#known = seen
      this.#changed()
    }, this.#interval).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  #look(): string {
    return [...this.#read()].sort().join(' ')
  }
}

/** As browsers do. */
const DEFAULT_INTERVAL = 2_000
