import type { Operation } from './operations.ts'
import { RECORD } from './record.ts'

export interface BatchesHost {
  /** Whether a batch can be sent now. */
  readonly isReady: boolean
  /** Applies it as a whole, and once, however often it is sent under this number. */
  apply(number: number, operations: readonly Operation[]): Promise<string>
  failed(error: unknown): void
}

/**
 * What a process asks of Redis. One batch is under way at a time, and meanwhile the next one grows: the more there is to
 * do, the less each operation costs.
 */
export class Batches {
  readonly #host: BatchesHost
  #queue: Operation[] = []
  /** The batch that has no answer yet; it is sent again under the same number. */
  #underWay: readonly Operation[] = []
  #number = 0
  #isFlushing = false

  constructor(host: BatchesHost) {
    this.#host = host
  }

  /** Operations that wait for their turn. */
  get waiting(): number {
    return this.#queue.length
  }

  /** Whether nothing waits, and nothing is under way. */
  get isIdle(): boolean {
    return this.#queue.length + this.#underWay.length === 0
  }

  push(operation: Operation): void {
    this.#queue.push(operation)
    if (this.#isFlushing) return
    this.#isFlushing = true
    // With everything else that this turn of the event loop brings.
    setImmediate(() => {
      this.#isFlushing = false
      this.flush()
    })
  }

  flush(): void {
    if (this.#underWay.length > 0 || this.#queue.length === 0 || !this.#host.isReady) return
    this.#underWay = this.#queue
    this.#queue = []
    this.#number++
    void this.#send()
  }

  /** Redis can be reached again. */
  resume(): void {
    if (this.#underWay.length > 0) void this.#send()
    else this.flush()
  }

  /** Redis knows of no batch. */
  restart(): void {
    this.#number = 0
  }

  /** Gives up everything that has no answer. */
  abandon(): void {
    const orphans = [...this.#underWay, ...this.#queue]
    this.#underWay = []
    this.#queue = []
    for (const operation of orphans) operation.settle(null)
  }

  async #send(): Promise<void> {
    let results: readonly string[]
    try {
      results = (await this.#host.apply(this.#number, this.#underWay)).split(RECORD)
    } catch (error) {
      this.#host.failed(error)
      return
    }
    const done = this.#underWay
    this.#underWay = []
    for (const [at, operation] of done.entries()) operation.settle(results[at] ?? '')
    this.flush()
  }
}
