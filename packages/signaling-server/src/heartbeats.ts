import type { Connection } from './connection.ts'

/**
 * Which connections are asked for a sign of life when. They are spread over the slots of a wheel that turns once a
 * heartbeat: asking ten thousand at one moment would stop everything else for as long as that takes.
 */
export class Heartbeats {
  readonly #slots: readonly Set<Connection>[] = Array.from({ length: SLOTS }, () => new Set<Connection>())
  readonly #step: number
  #at = 0
  #count = 0
  #next = Infinity

  /** `interval` in milliseconds. */
  constructor(interval: number) {
    this.#step = interval / SLOTS
  }

  /** When `due` is to be called; `Infinity` while there is nobody. */
  get next(): number {
    return this.#next
  }

  /** The connection will be due in about one interval. */
  add(now: number, connection: Connection): void {
    if (this.#count++ === 0) this.#next = now + this.#step
    connection.slot = (this.#at + SLOTS - 1) % SLOTS
    this.#slots[connection.slot]?.add(connection)
  }

  remove(connection: Connection): void {
    if (this.#slots[connection.slot]?.delete(connection) !== true) return
    if (--this.#count === 0) this.#next = Infinity
  }

  clear(): void {
    for (const slot of this.#slots) slot.clear()
    this.#count = 0
    this.#next = Infinity
  }

  /** Those whose turn it is. A clock that jumped makes a turn late, not many at once. */
  due(now: number): readonly Connection[] {
    if (now < this.#next) return []
    this.#next = now + this.#step
    const slot = this.#slots[this.#at] ?? []
    this.#at = (this.#at + 1) % SLOTS
    return [...slot]
  }
}

const SLOTS = 16
