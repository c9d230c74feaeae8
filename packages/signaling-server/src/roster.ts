import { outside, type Session } from './connection.ts'
import { Departures } from './departures.ts'
import { LocalChannels } from './local-channel.ts'

/** The sessions that this process serves. */
export class Roster {
  readonly channels: LocalChannels = new LocalChannels()
  /** Those without a socket. */
  readonly departures: Departures
  readonly #byToken: Map<string, Session> = new Map()

  /** Milliseconds for which a session without a socket stays. */
  constructor(resumeWithin: number) {
    this.departures = new Departures(resumeWithin)
  }

  get(token: string): Session | undefined {
    return this.#byToken.get(token)
  }

  get all(): readonly Session[] {
    return [...this.#byToken.values()]
  }

  add(session: Session): void {
    this.#byToken.set(session.token, session)
  }

  /** Takes a session off, and out of its place. */
  strike(session: Session): void {
    this.departures.remove(session)
    this.#byToken.delete(session.token)
    session.place = outside
  }

  clear(): void {
    this.#byToken.clear()
    this.departures.clear()
  }
}
