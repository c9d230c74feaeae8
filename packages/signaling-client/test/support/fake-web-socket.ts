import { encodeFrame, type ServerFrame, subprotocol } from '@purertc/signaling-protocol'

import type { Scheduler, WebSocketConstructor, WebSocketLike } from '../../src/index.ts'

/** A WebSocket under the test's control. */
export class FakeWebSocket implements WebSocketLike {
  static made: FakeWebSocket[] = []
  readonly url: string
  readonly offered: readonly string[]
  protocol: string = subprotocol
  binaryType = 'blob'
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number; reason: string }) => void) | null = null
  onerror: ((event: { error?: unknown }) => void) | null = null
  readonly sent: string[] = []
  readonly sentBytes: Uint8Array[] = []
  closedWith: number | undefined

  constructor(url: string, protocols: string[]) {
    this.url = url
    this.offered = protocols
    FakeWebSocket.made.push(this)
  }

  send(data: string | Uint8Array): void {
    if (typeof data === 'string') this.sent.push(data)
    else this.sentBytes.push(data)
  }

  close(code?: number): void {
    this.closedWith = code
  }

  /** The server says something. */
  say(data: ServerFrame | string | Uint8Array): void {
    const isFrame = typeof data === 'object' && !(data instanceof Uint8Array)
    this.onmessage?.({ data: isFrame ? encodeFrame(data) : data })
  }

  /** The connection ends. */
  end(code: number, reason = ''): void {
    this.onclose?.({ code, reason })
  }

  /** The frame sent last. */
  get last(): Record<string, unknown> {
    return JSON.parse(this.sent.at(-1) ?? 'null') as Record<string, unknown>
  }
}

export const FakeConstructor: WebSocketConstructor = FakeWebSocket

/** Time that passes when the test says so. */
export class FakeScheduler implements Scheduler {
  readonly #timers: Map<number, () => void> = new Map()
  /** Of all timers that were set. */
  readonly delays: number[] = []
  #count = 0

  get size(): number {
    return this.#timers.size
  }

  set(callback: () => void, milliseconds: number): number {
    this.#timers.set(++this.#count, callback)
    this.delays.push(milliseconds)
    return this.#count
  }

  clear(timer: unknown): void {
    this.#timers.delete(timer as number)
  }

  /** All that is due by any time rings. */
  ring(): void {
    for (const [timer, callback] of [...this.#timers]) {
      this.#timers.delete(timer)
      callback()
    }
  }
}
