import type { ServerFrame, ServerFrameOf } from '@purertc/signaling-protocol'

import { SignalingClientError } from './client-error.ts'
import type { Scheduler } from './platform.ts'

/** Requests that wait for the answer with their number. */
export class Requests {
  readonly #scheduler: Scheduler
  readonly #timeout: number
  /** Hears of each that failed. */
  readonly #failed: (id: number) => void
  readonly #pending: Map<number, Pending> = new Map()
  #lastId = 0

  /** `timeout` in milliseconds; `Infinity` waits for ever. */
  constructor(scheduler: Scheduler, timeout: number, failed: (id: number) => void) {
    this.#scheduler = scheduler
    this.#timeout = timeout
    this.#failed = failed
  }

  newId(): number {
    return ++this.#lastId
  }

  /**
   * Waits for an answer of `type` that has this number, or is handed to {@link settle} under it; no longer than until
   * `signal` aborts. One that `survives` is worth waiting for when the connection breaks, because it is asked again over
   * the next one.
   */
  await<Type extends ServerFrame['type']>(
    id: number,
    type: Type,
    { survives = false, signal }: Patience = {},
  ): Promise<ServerFrameOf<Type>> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        this.fail(id, new SignalingClientError('timeout', `no ${type} within ${this.#timeout} ms`))
      const abort = (): void => this.fail(id, signal?.reason)
      const timer = this.#timeout === Infinity ? undefined : this.#scheduler.set(late, this.#timeout)
      signal?.addEventListener('abort', abort)
      const release = (): void => {
        if (timer !== undefined) this.#scheduler.clear(timer)
        signal?.removeEventListener('abort', abort)
      }
      const settle = (frame: ServerFrame): void => {
        if (isOf(type, frame)) resolve(frame)
        else if (frame.type === 'error') reject(SignalingClientError.fromServer(frame.code, frame.message))
        else reject(new SignalingClientError('bad-frame', `${frame.type} is no answer that ends in ${type}`))
      }
      this.#pending.set(id, { settle, reject, release, survives })
    })
  }

  has(id: number): boolean {
    return this.#pending.has(id)
  }

  /** Hands an answer to its request; false when none waits for it. */
  settle(id: number, frame: ServerFrame): boolean {
    const pending = this.#take(id)
    pending?.settle(frame)
    return pending !== undefined
  }

  /** `reason`: an error, or whatever a signal was aborted with. */
  fail(id: number, reason: unknown): void {
    const pending = this.#take(id)
    if (pending === undefined) return
    this.#failed(id)
    pending.reject(reason)
  }

  /** All of them, or those that do not survive a broken connection. */
  failAll(error: Error, withSurvivors = true): void {
    for (const [id, { survives }] of [...this.#pending]) if (withSurvivors || !survives) this.fail(id, error)
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.release()
    return pending
  }
}

/** How long an answer is worth waiting for. */
interface Patience {
  readonly survives?: boolean
  readonly signal?: AbortSignal | undefined
}

interface Pending {
  readonly settle: (frame: ServerFrame) => void
  readonly reject: (reason: unknown) => void
  readonly release: () => void
  readonly survives: boolean
}

function isOf<Type extends ServerFrame['type']>(
  type: Type,
  frame: ServerFrame,
): frame is ServerFrameOf<Type> {
  return frame.type === type
}
