import { Backoff } from './backoff.ts'
import type { SignalingClientOptions } from './options.ts'
import { platformRandom, platformScheduler, type Scheduler } from './platform.ts'
import { SignalingClientError } from './client-error.ts'
import { SUBPROTOCOL } from './read-frame.ts'
import type { Wire } from './sent-frames.ts'
import { platformWebSocket, type WebSocketConstructor, type WebSocketLike } from './web-socket.ts'

/** What a connector tells. */
export interface ConnectorHost {
  received(data: unknown): void
  /** Nothing came for a while: the server is to be asked for a sign of life. */
  quiet(): void
  /** The connection broke. A number is the milliseconds until the next try; `null` says that there is none. */
  broken(event: CloseInfo, retryIn: number | null, cause: unknown): void
}

export interface CloseInfo {
  readonly code: number
  readonly reason: string
}

/** One WebSocket after another: opens them, notices when they break, and tries again when that is wanted. */
export class Connector {
  readonly #options: SignalingClientOptions
  readonly #host: ConnectorHost
  readonly #scheduler: Scheduler
  readonly #backoff: Backoff | null
  #WebSocket: WebSocketConstructor | undefined
  #socket: WebSocketLike | undefined
  #failure: unknown
  /** Whether the present connection, or one before it, was greeted: only then is it worth trying again. */
  #isEstablished = false
  /** From then on nothing is heard, and nothing is tried again. */
  #isClosing = false
  #tries = 0
  #retry: unknown
  #watch: unknown
  #hasHeard = false

  constructor(options: SignalingClientOptions, host: ConnectorHost) {
    const { reconnect = {}, scheduler = platformScheduler, random = platformRandom } = options
    this.#options = options
    this.#host = host
    this.#scheduler = scheduler
    this.#backoff = reconnect === false ? null : new Backoff(reconnect, random)
  }

  /** Whether there is a socket, or will be one. */
  get isActive(): boolean {
    return this.#socket !== undefined || this.#retry !== undefined
  }

  get attempt(): number {
    return this.#backoff?.attempt ?? 0
  }

  /** Throws {@link SignalingClientError}. */
  open(): void {
    this.#WebSocket = this.#options.WebSocket ?? platformWebSocket()
    if (this.#WebSocket === undefined)
      throw new SignalingClientError('no-websocket', 'give a WebSocket class')
    this.#isEstablished = false
    this.#isClosing = false
    this.#backoff?.reset()
    this.#connect(this.#WebSocket)
  }

  /** The server speaks our protocol and has greeted us. */
  get isOurProtocol(): boolean {
    return this.#socket?.protocol === SUBPROTOCOL
  }

  /** The client is where it wants to be: what breaks from now on is worth a first try again. */
  established(): void {
    this.#isEstablished = true
    this.#backoff?.reset()
  }

  send(data: Wire): void {
    this.#socket?.send(data as string)
  }

  /**
   * Closes for good. The host is told by `broken` when it is: when the server has answered, or had the time to. Throws what
   * the socket throws, for a code that is not allowed.
   */
  close(code: number, reason: string): void {
    const socket = this.#socket
    socket?.close(code, reason)
    this.#isClosing = true
    if (socket === undefined) {
      this.#stop()
      this.#host.broken({ code, reason }, null, undefined)
      return
    }
    // As a browser has it.
    socket.onmessage = null
    this.#scheduler.clear(this.#watch)
    this.#watch = this.#scheduler.set(() => this.#leave({ code, reason }), PATIENCE)
  }

  /** Leaves a connection of which nothing is expected any more, for good. The host is told at once. */
  drop(code: number, reason: string): void {
    this.#isClosing = true
    this.#leave({ code, reason })
  }

  /** Leaves the connection, which may be dead, and opens another one. */
  move(reason: string, after?: number): void {
    this.#leave({ code: MOVING, reason }, after)
  }

  #leave(event: CloseInfo, after?: number): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#silence(socket)
    socket.close(event.code, event.reason)
    this.#broke(event, after)
  }

  #connect(WebSocket: WebSocketConstructor): void {
    this.#failure = undefined
    const socket = this.#construct(WebSocket)
    this.#socket = socket
    socket.binaryType = 'arraybuffer'
    socket.onmessage = ({ data }: { readonly data: unknown }) => {
      if (socket !== this.#socket) return
      this.#hasHeard = true
      this.#host.received(data)
    }
    socket.onerror = ({ error }: { readonly error?: unknown }) => (this.#failure = error)
    socket.onclose = ({ code, reason }: CloseInfo) => {
      if (socket === this.#socket) this.#broke({ code, reason })
    }
    this.#listen()
  }

  #construct(WebSocket: WebSocketConstructor): WebSocketLike {
    const { url } = this.#options
    const given = typeof url === 'function' ? url() : url
    const urls = Array.isArray(given) ? (given as readonly (string | URL)[]) : [given as string | URL]
    try {
      // The next one where one is out of reach, and where a server says that it goes.
      return new WebSocket(String(urls[this.#tries++ % urls.length]), [SUBPROTOCOL])
    } catch (cause) {
      throw new SignalingClientError('connect-failed', 'the URL was not taken', { cause })
    }
  }

  #broke(event: CloseInfo, after?: number): void {
    const cause = this.#failure
    this.#stop()
    const isWorthIt = this.#isEstablished && !this.#isClosing && !FINAL.has(event.code)
    const wait = isWorthIt ? (after ?? this.#backoff?.next() ?? null) : null
    if (wait !== null) this.#retry = this.#scheduler.set(() => this.#tryAgain(), wait)
    this.#host.broken(event, wait, cause)
  }

  #tryAgain(): void {
    this.#retry = undefined
    if (this.#WebSocket === undefined) return
    try {
      this.#connect(this.#WebSocket)
    } catch (error) {
      this.#failure = error
      this.#broke({ code: 1006, reason: '' })
    }
  }

  #silence(socket: WebSocketLike): void {
    socket.onmessage = null
    socket.onclose = null
    // A socket that nobody listens to may still fail; that of `ws` would throw.
    socket.onerror = () => undefined
  }

  #stop(): void {
    this.#scheduler.clear(this.#retry)
    this.#scheduler.clear(this.#watch)
    this.#retry = undefined
    this.#watch = undefined
    this.#socket = undefined
  }

  /** Asks after a silence, and leaves after one more. */
  #listen(isAsked = false): void {
    const { quietAfter = 25_000 } = this.#options
    if (quietAfter === Infinity) return
    this.#hasHeard = false
    const patience = isAsked ? Math.min(quietAfter, PATIENCE) : quietAfter
    this.#watch = this.#scheduler.set(() => {
      if (!this.#hasHeard && isAsked) {
        this.move('no sign of life')
        return
      }
      const asks = !this.#hasHeard
      if (asks) this.#host.quiet()
      if (this.#socket !== undefined) this.#listen(asks)
    }, patience)
  }
}

/** Milliseconds that a server may take to show that it lives. */
const PATIENCE = 5_000
/** The client goes to resume elsewhere. */
const MOVING = 4000
/** The server is done with this client, or another connection has its session. */
const FINAL: ReadonlySet<number> = new Set([1000, 1009, 4409, 4429])
