import type { Operation } from './operations.ts'
import { RECORD } from './record.ts'

export interface BatchesHost {
  /** Whether a batch can be sent now. */
  isReady(): boolean
  /** Applies it as a whole, and once, however often it is sent under this number. */
  apply(number: number, operations: readonly Operation[]): Promise<string>
  failed(error: unknown): void
}

/** What may wait for its turn. */
export interface BatchesLimits {
  readonly operations: number
  /** Characters of all of them. */
  readonly length: number
}

/**
 * What a process asks of Redis. One batch is under way at a time, and meanwhile the next one grows: the more there is to
 * do, the less each operation costs.
 */
export class Batches {
  readonly #host: BatchesHost
  readonly #limits: BatchesLimits
  #queue: Operation[] = []
  /** Characters of what is in it. */
  #length = 0
  /** The batch that has no answer yet; it is sent again under the same number. */
  #underWay: readonly Operation[] = []
  #number = 0
  #isFlushing = false

  constructor(host: BatchesHost, limits: BatchesLimits) {
    this.#host = host
    this.#limits = limits
  }

  /** Whether one more may wait for its turn. */
  get hasRoom(): boolean {
    return this.#queue.length < this.#limits.operations && this.#length < this.#limits.length
  }

  /** Whether nothing waits, and nothing is under way. */
  get isIdle(): boolean {
    return this.#queue.length + this.#underWay.length === 0
  }

  push(operation: Operation): void {
    this.#queue.push(operation)
    for (const arg of operation.args) this.#length += arg.length
    if (this.#isFlushing) return
    this.#isFlushing = true
    // With everything else that this turn of the event loop brings.
    setImmediate(() => {
      this.#isFlushing = false
      this.flush()
    })
  }

  flush(): void {
    if (this.#underWay.length > 0 || this.#queue.length === 0 || !this.#host.isReady()) return
    this.#underWay = this.#queue
    this.#queue = []
    this.#length = 0
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
    this.#length = 0
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
