import type { ConnectionId } from './host.ts'

/** When the ICE servers of which connection are to be told anew. */
export class Refreshes {
  readonly #at: Map<ConnectionId, number> = new Map()
  #next = Infinity

  get next(): number {
    return this.#next
  }

  /** `lifetime` in seconds: the new ones come when three quarters of it are over. */
  arm(now: number, connection: ConnectionId, lifetime: number | undefined): void {
    this.#at.delete(connection)
    if (lifetime === undefined || lifetime === Infinity) return
    const at = now + Math.max(MIN_INTERVAL, lifetime * 750)
    this.#at.set(connection, at)
    this.#next = Math.min(this.#next, at)
  }

  disarm(connection: ConnectionId): void {
    this.#at.delete(connection)
    if (this.#at.size === 0) this.#next = Infinity
  }

  /** Whose turn it is. Who is not armed anew, because none could be made, is named again after a while. */
  due(now: number): readonly ConnectionId[] {
    if (now < this.#next) return []
    const due: ConnectionId[] = []
    let next = Infinity
    for (const [connection, at] of this.#at) {
      if (at <= now) due.push(connection)
      else next = Math.min(next, at)
    }
    for (const connection of due) this.#at.set(connection, now + RETRY)
    if (due.length > 0) next = Math.min(next, now + RETRY)
    // Ten thousand connections that opened one after the other are not looked through for each of them.
    this.#next = next === Infinity ? Infinity : Math.max(next, now + MIN_INTERVAL)
    return due
  }
}

/** Milliseconds. */
const MIN_INTERVAL = 1_000
const RETRY = 10_000
