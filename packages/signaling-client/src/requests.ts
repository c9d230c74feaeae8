import type { ServerFrame, ServerFrameOf } from '@purertc/signaling-protocol'

import { SignalingClientError } from './client-error.ts'
import type { Scheduler } from './scheduler.ts'

/** Requests that wait for the answer with their number. */
export class Requests {
  readonly #scheduler: Scheduler
  readonly #timeout: number
  readonly #pending: Map<number, Pending> = new Map()
  #lastId = 0

  /** `timeout` in milliseconds; `Infinity` waits for ever. */
  constructor(scheduler: Scheduler, timeout: number) {
    this.#scheduler = scheduler
    this.#timeout = timeout
  }

  /** Sends a request under a new number; the answer is a frame of `type` with that number. */
  start<Type extends ServerFrame['type']>(
    type: Type,
    send: (id: number) => void,
  ): Promise<ServerFrameOf<Type>> {
    const id = ++this.#lastId
    const answer = this.await(id, type)
    send(id)
    return answer
  }

  /** Waits for an answer that has this number, or is handed to {@link settle} under it. */
  await<Type extends ServerFrame['type']>(id: number, type: Type): Promise<ServerFrameOf<Type>> {
    return new Promise((resolve, reject) => {
      const late = (): void =>
        this.fail(id, new SignalingClientError('timeout', `no ${type} within ${this.#timeout} ms`))
      const timer = this.#timeout === Infinity ? undefined : this.#scheduler.set(late, this.#timeout)
      const settle = (frame: ServerFrame): void => {
        if (isOf(type, frame)) resolve(frame)
        else if (frame.type === 'error') reject(SignalingClientError.fromServer(frame.code, frame.message))
        else reject(new SignalingClientError('bad-frame', `${frame.type} is no answer that ends in ${type}`))
      }
      this.#pending.set(id, { settle, reject, timer })
    })
  }

  /** Hands an answer to its request; false when none waits for it. */
  settle(id: number, frame: ServerFrame): boolean {
    const pending = this.#take(id)
    pending?.settle(frame)
    return pending !== undefined
  }

  fail(id: number, error: Error): void {
    this.#take(id)?.reject(error)
  }

  failAll(error: Error): void {
    for (const id of [...this.#pending.keys()]) this.fail(id, error)
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    if (pending?.timer !== undefined) this.#scheduler.clear(pending.timer)
    this.#pending.delete(id)
    return pending
  }
}

interface Pending {
  readonly settle: (frame: ServerFrame) => void
  readonly reject: (error: Error) => void
  readonly timer: unknown
}

function isOf<Type extends ServerFrame['type']>(
  type: Type,
  frame: ServerFrame,
): frame is ServerFrameOf<Type> {
  return frame.type === type
}
