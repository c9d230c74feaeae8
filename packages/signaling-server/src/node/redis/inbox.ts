import type { RedisLink } from './redis-link.ts'

export interface InboxHost {
  /** One entry, as it was written. */
  received(text: string): void
  /** An entry is missing: this process was too slow, and what the entry said is gone. */
  missed(): void
  failed(error: unknown): void
}

/** What waits for entries. */
export type InboxLink = Pick<RedisLink, 'isUp' | 'wait'>

/** Reads the entries of this process's inbox, each once and in order, across interruptions. */
export class Inbox {
  readonly #link: InboxLink
  readonly #host: InboxHost
  /** The number of the last entry that was read. */
  #last = 0
  /** Who reads: a new one after every interruption. */
  #reader = 0

  constructor(link: InboxLink, host: InboxHost) {
    this.#link = link
    this.#host = host
  }

  get last(): number {
    return this.#last
  }

  /** The inbox begins anew. */
  restart(): void {
    this.#last = 0
  }

  interrupt(): void {
    this.#reader++
  }

  async read(key: string): Promise<void> {
    const reader = ++this.#reader
    while (reader === this.#reader && this.#link.isUp) {
      let streams: Streams | null
      try {
        const command = ['XREAD', 'COUNT', '64', 'BLOCK', '5000', 'STREAMS', key, `${this.#last}-0`]
        streams = await this.#link.wait<Streams | null>(command)
      } catch (error) {
        this.#host.failed(error)
        return
      }
      for (const [id, [, text]] of streams?.[0]?.[1] ?? []) {
        // What was read may have ended it.
        if (reader !== this.#reader) return
        const at = Number.parseInt(id, 10)
        if (at !== this.#last + 1) {
          this.#host.missed()
          return
        }
        this.#last = at
        this.#host.received(text)
      }
    }
  }
}

/** Name of the stream, and entries: identifier, and field and value. */
type Streams = readonly (readonly [string, readonly (readonly [string, readonly [string, string]])[]])[]
