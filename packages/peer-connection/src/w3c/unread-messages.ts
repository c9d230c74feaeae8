import { toUtf8 } from '@purertc/bytes'

import { payloadOf, type Sendable } from './message-payload.ts'

/** Blobs are read asynchronously; what is sent after one waits for it, for order's sake. */
export class UnreadMessages {
  readonly #read: (message: string | Uint8Array) => void
  readonly #failed: (reason: unknown) => void
  #waiting: (string | Blob | Uint8Array)[] = []
  #bytes = 0

  /**
   * `read` is called with each message in its turn. `failed`: a Blob cannot be read, or `read` has thrown; nothing waits
   * any more.
   */
  constructor(read: (message: string | Uint8Array) => void, failed: (reason: unknown) => void) {
    this.#read = read
    this.#failed = failed
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /** Of all messages that wait. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes are copied. `check` throws for a message of a size that cannot be sent. */
  push(message: Sendable, check: (size: number) => void): void {
    const held =
      typeof message === 'string' || message instanceof Blob
        ? message
        : new Uint8Array(payloadOf(message).bytes)
    const size = sizeOf(held)
    check(size)
    this.#bytes += size
    if (this.#waiting.push(held) === 1) void this.#readAll()
  }

  async #readAll(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        const size = sizeOf(next)
        const message = next instanceof Blob ? new Uint8Array(await next.arrayBuffer()) : next
        this.#waiting.shift()
        this.#bytes -= size
        this.#read(message)
      }
    } catch (error) {
      this.#waiting = []
      this.#bytes = 0
      this.#failed(error)
    }
  }
}

function sizeOf(data: string | Blob | Uint8Array): number {
  if (typeof data === 'string') return toUtf8(data).length
  return data instanceof Blob ? data.size : data.length
}
