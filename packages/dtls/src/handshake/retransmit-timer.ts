import { Millis } from '@purertc/bytes'

/**
 * When a flight is sent again, RFC 6347 §4.2.4.1: after the initial timeout, then after twice the time, and so on up
 * to a minute. Each flight begins with the initial timeout: that the one before it had to wait tells more often that
 * the peer was not there yet than that the path is slow.
 */
export class RetransmitTimer {
  #initial: number
  #attempts = 0
  #deadline: Millis = never
  #sentAt: Millis = never

  /** `initial` in ms: a second by default (RFC 6347), less where the round-trip time is known to be short. */
  constructor(initial: number) {
    this.#initial = initial
  }

  get deadline(): Millis {
    return this.#deadline
  }

  /** The time that a flight is given now, in ms. */
  get timeout(): number {
    return Math.min(this.#initial * 2 ** this.#attempts, maxTimeout)
  }

  /** How often the flight has been sent again because of the time. */
  get attempts(): number {
    return this.#attempts
  }

  /** Another initial timeout, which a flight that is waiting is measured by as well; perhaps it is due then. */
  setInitial(initial: number): void {
    this.#initial = initial
    if (this.#deadline !== never) this.#deadline = Millis(this.#sentAt + this.timeout)
  }

  /** Whether the deadline has passed, or so nearly that a coarse timer may have meant it. */
  isDue(now: Millis): boolean {
    return now >= this.#deadline - Math.min(this.timeout / 16, maxEarliness)
  }

  /** Whether the flight has been sent again so often that nobody is there to answer. */
  get isExhausted(): boolean {
    return this.#attempts === maxAttempts
  }

  /** A flight was sent for the first time. */
  start(now: Millis): void {
    this.#attempts = 0
    this.#sent(now)
  }

  /** The deadline passed: the flight is sent again and given more time. */
  backOff(now: Millis): void {
    this.#attempts++
    this.#sent(now)
  }

  /** The peer has a part of the flight, so what it lacks is lost, or about to come: it is waited for, but not long. */
  hasten(now: Millis): void {
    this.#deadline = Millis(Math.min(this.#deadline, now + this.timeout / 4))
  }

  /**
   * The peer sent its last flight again, so ours was lost: whether it is to be sent again at once. Not twice in a
   * row: a network that doubles datagrams, or an attacker that repeats one, would have us send ever more.
   */
  answerRepetition(now: Millis): boolean {
    if (now - this.#sentAt < minGap) return false
    if (this.#deadline === never) this.#sentAt = now
    else this.#sent(now)
    return true
  }

  /** Nothing is outstanding, though the flight may be sent again on demand. */
  stop(): void {
    this.#deadline = never
  }

  #sent(now: Millis): void {
    this.#sentAt = now
    this.#deadline = Millis(now + this.timeout)
  }
}

const never = Millis(Infinity)
/** RFC 6347 §4.2.4.1: no less than the 60 seconds of RFC 6298 as the maximum. */
const maxTimeout = 60_000
const minGap = 20
/** Timers of hosts fire some milliseconds early where they share a tick. */
const maxEarliness = 15
/** With a first timeout of 1 s that is after more than nine minutes. */
const maxAttempts = 12
