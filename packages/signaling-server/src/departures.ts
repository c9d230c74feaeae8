import type { Session } from './connection.ts'

/** Sessions without a socket, and until when they may come back. All have the same time, so they end in order. */
export class Departures {
  readonly #until: Map<Session, number> = new Map()
  readonly #window: number

  /** `window` in milliseconds. */
  constructor(window: number) {
    this.#window = window
  }

  get count(): number {
    return this.#until.size
  }

  get next(): number {
    for (const until of this.#until.values()) return until
    return Infinity
  }

  add(now: number, session: Session): void {
    this.#until.delete(session)
    this.#until.set(session, now + this.#window)
  }

  remove(session: Session): void {
    this.#until.delete(session)
  }

  clear(): void {
    this.#until.clear()
  }

  /** Those whose time is over, and no longer in here. */
  expired(now: number): readonly Session[] {
    const expired: Session[] = []
    for (const [session, until] of this.#until) {
      if (until > now) break
      expired.push(session)
    }
    for (const session of expired) this.#until.delete(session)
    return expired
  }
}
