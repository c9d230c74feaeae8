/**
 * Decides when events reach the application. What the network causes is delivered at once; what a call of the
 * application causes is delivered after that call has returned, as the W3C's "queue a task" demands: a handler of
 * `bufferedamountlow` that sends is never run inside `send`.
 */
export class EventQueue {
  readonly #queueTask: (task: () => void) => void
  #waiting: (() => void)[] = []
  #calls = 0
  #scheduled = false

  constructor(queueTask: (task: () => void) => void) {
    this.#queueTask = queueTask
  }

  /** Runs a call of the application: what it posts waits until a later task. */
  during<T>(call: () => T): T {
    this.#calls++
    try {
      return call()
    } finally {
      this.#calls--
    }
  }

  /** Delivers in order: now, unless a call is running or earlier events still wait. */
  post(event: () => void): void {
    if (this.#calls === 0 && this.#waiting.length === 0) event()
    else this.postLater(event)
  }

  /** Delivers in a later task. What is posted after it comes after it. */
  postLater(event: () => void): void {
    this.#waiting.push(event)
    this.#schedule()
  }

  /** Lets what is posted from here on wait for a later task, so that promise reactions of the last event run first. */
  pause(): void {
    this.postLater(() => undefined)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#queueTask(() => {
      this.#flush()
    })
  }

  /** Runs what waits now. It stays in the list meanwhile, so that what it posts lines up behind, for the next task. */
  #flush(): void {
    const count = this.#waiting.length
    let done = 0
    try {
      while (done < count) this.#waiting[done++]?.()
    } finally {
      this.#waiting.splice(0, done)
      this.#scheduled = false
      if (this.#waiting.length > 0) this.#schedule()
    }
  }
}
