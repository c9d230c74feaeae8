import { asError } from '@purertc/bytes'
import { createClient, type RedisClientOptions } from 'redis'

/** What a link tells. Nothing is told after `close`. */
export interface RedisLinkHost {
  /** The server can be asked. `isNewWorld` when it is another one than before, or lost its memory. */
  up(isNewWorld: boolean): void
  /** It cannot, until `up` is told again. */
  down(error: Error): void
}

type Client = ReturnType<typeof createClient>

/**
 * Two connections to Redis, one to ask and one to wait on. They come and go together, and nothing is ever sent again by
 * itself: what an answer was lost of is the owner's to decide.
 */
export class RedisLink {
  readonly #options: RedisClientOptions
  readonly #host: RedisLinkHost
  #clients: { readonly ask: Client; readonly wait: Client } | undefined
  #world: string | undefined
  #attempt = 0
  #timer: NodeJS.Timeout | undefined
  #isClosed = false

  constructor(options: RedisClientOptions, host: RedisLinkHost) {
    this.#options = options
    this.#host = host
  }

  get isUp(): boolean {
    return this.#clients !== undefined
  }

  /** Names this life of the Redis server: a restart, which may have forgotten something, makes another. */
  get world(): string {
    return this.#world ?? ''
  }

  /** Resolves when connected; rejects where that fails the first time. */
  async open(): Promise<void> {
    await this.#connect()
  }

  ask<Reply>(command: readonly string[]): Promise<Reply> {
    return this.#command('ask', command)
  }

  /** For a command that blocks. */
  wait<Reply>(command: readonly string[]): Promise<Reply> {
    return this.#command('wait', command)
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#timer)
    this.#destroy()
  }

  #command<Reply>(which: 'ask' | 'wait', command: readonly string[]): Promise<Reply> {
    const client = this.#clients?.[which]
    if (client === undefined) return Promise.reject(new Error('Redis cannot be reached'))
    return client.sendCommand<Reply>([...command])
  }

  async #connect(): Promise<void> {
    const ask = this.#createClient()
    const wait = this.#createClient()
    let error: Error | undefined
    const note = (cause: unknown): void => {
      error ??= asError(cause)
      // A connection that works has broken; while connecting, `connect` rejects.
      if (this.#clients?.ask === ask) this.#lose(cause)
    }
    ask.on('error', note)
    wait.on('error', note)
    try {
      await Promise.all([ask.connect(), wait.connect()])
      const world = /run_id:(\w+)/.exec(await ask.info('server'))?.[1] ?? ''
      if (error !== undefined) throw error
      if (this.#isClosed) throw new Error('closed')
      const isNewWorld = world !== this.#world
      this.#world = world
      this.#clients = { ask, wait }
      this.#attempt = 0
      this.#host.up(isNewWorld)
    } catch (cause) {
      destroy(ask)
      destroy(wait)
      throw cause
    }
  }

  #createClient(): Client {
    const { socket, ...options } = this.#options
    const whole = {
      ...options,
      // Replies are read as lists.
      RESP: 2,
      disableOfflineQueue: true,
      socket: { ...socket, reconnectStrategy: false },
    }
    return createClient(whole as RedisClientOptions)
  }

  #lose(cause: unknown): void {
    this.#destroy()
    if (this.#isClosed) return
    this.#host.down(asError(cause))
    this.#retry()
  }

  #retry(): void {
    const wait = Math.min(MAX_WAIT, FIRST_WAIT * 2 ** this.#attempt++)
    this.#timer = setTimeout(() => {
      this.#connect().catch(() => {
        if (!this.#isClosed) this.#retry()
      })
    }, wait)
  }

  /** The owner found that an answer cannot be relied on. */
  reset(error: Error): void {
    if (this.#clients !== undefined) this.#lose(error)
  }

  #destroy(): void {
    const clients = this.#clients
    this.#clients = undefined
    if (clients === undefined) return
    destroy(clients.ask)
    destroy(clients.wait)
  }
}

function destroy(client: Client): void {
  if (client.isOpen) client.destroy()
}

/** Milliseconds. */
const FIRST_WAIT = 50
const MAX_WAIT = 1_000
