import { Millis } from '@purertc/bytes'
import { Alarm, monotonicNow } from '@purertc/bytes/node'

/** Something that wants to be called at its deadline. */
interface Timed {
  readonly deadline: Millis
  expire(now: Millis): void
}

/**
 * One timer for all sockets of a server. Deadlines are read when it rings, and not whenever one of them moves: what
 * thousands of sockets do with every message must cost nothing.
 */
export class Schedule {
  readonly #members = new Set<Timed>()
  readonly #alarm = new Alarm((now) => this.#ring(now))
  #ringsAt = Infinity

  /** Its deadline may be another now. */
  update(member: Timed): void {
    const { deadline } = member
    if (deadline === Infinity) return
    this.#members.add(member)
    if (deadline < this.#ringsAt) this.#set(deadline)
  }

  remove(member: Timed): void {
    this.#members.delete(member)
  }

  /** Releases the timer for good. */
  clear(): void {
    this.#members.clear()
    this.#alarm.clear()
  }

  #ring(now: Millis): void {
    this.#ringsAt = Infinity
    for (const member of [...this.#members]) if (member.deadline <= now) member.expire(now)
    let earliest = Infinity
    for (const member of this.#members) {
      const { deadline } = member
      if (deadline === Infinity) this.#members.delete(member)
      else if (deadline < earliest) earliest = deadline
    }
    if (earliest !== Infinity) this.#set(Millis(Math.max(earliest, monotonicNow() + granularity)))
  }

  #set(at: Millis): void {
    this.#ringsAt = at
    this.#alarm.set(at)
  }
}

/** Milliseconds between two rings at least, when there is much to do: a deadline is not met to the millisecond anyway. */
const granularity = 5
