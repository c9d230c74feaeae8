import type { Millis } from '@purertc/bytes'

import type { RetransmitTimer } from './retransmit-timer.ts'

/**
 * The flight that waits for its answer, RFC 6347 §4.2.4, RFC 9147 §5.8: when it is sent again, and in datagrams of
 * which size.
 */
export class Retransmission {
  readonly #timer: RetransmitTimer
  readonly #send: (mtu: number) => void
  #mtu: number
  /** The peer's messages, by their numbers, that our latest flight answers: `end` is the first that is not. */
  #answered = { start: 0, end: 0 }

  /** `send` sends all of the flight that is still wanted, in datagrams of at most so many bytes. */
  constructor(timer: RetransmitTimer, mtu: number, send: (mtu: number) => void) {
    this.#timer = timer
    this.#mtu = mtu
    this.#send = send
  }

  /** The same timer and path for the flights of another driver. */
  handOver(send: (mtu: number) => void): Retransmission {
    return new Retransmission(this.#timer, this.#mtu, send)
  }

  get deadline(): Millis {
    return this.#timer.deadline
  }

  /** The time that a flight is given now, in ms. */
  get timeout(): number {
    return this.#timer.timeout
  }

  /** Bytes of the largest datagram. */
  get mtu(): number {
    return this.#mtu
  }

  /** Flights, also one that is sent again, keep to this from now on. */
  setMtu(mtu: number): void {
    this.#mtu = mtu
  }

  setInitialTimeout(initial: number): void {
    this.#timer.setInitial(initial)
  }

  /** Sends a flight that answers all of the peer's messages before `nextSequence`. */
  start(now: Millis, nextSequence: number): void {
    this.#answered = { start: this.#answered.end, end: nextSequence }
    this.#timer.start(now)
    this.sendNow()
  }

  /** Sends the flight again where it is due; false where it has been sent often enough. */
  expire(now: Millis): boolean {
    if (!this.#timer.isDue(now)) return true
    if (this.#timer.isExhausted) return false
    this.#timer.backOff(now)
    this.sendNow()
    return true
  }

  /**
   * Whether the peer, by this old message of its, asks for the flight again that answered it. Not so once it has begun to
   * answer ours: what then repeats is late or doubled, and to answer it would have both ends repeat for ever.
   */
  isAskedFor(sequence: number, nextSequence: number): boolean {
    return nextSequence === this.#answered.end && sequence >= this.#answered.start
  }

  /** Sends the flight again because the peer asks for it, though not each time that it does. */
  repeat(now: Millis): void {
    if (this.#timer.answerRepetition(now)) this.sendNow()
  }

  sendNow(): void {
    // RFC 6347 §4.1.1.1, RFC 9147 §4.4: silence may mean that our datagrams are too large for the path.
    const isSuspicious = this.#timer.attempts >= attemptsBeforeSmall
    this.#send(isSuspicious ? Math.min(this.#mtu, smallMtu) : this.#mtu)
  }

  /** The peer has a part of the flight: what it lacks is waited for, but not long. */
  hasten(now: Millis): void {
    this.#timer.hasten(now)
  }

  /** Nothing is outstanding, though the flight may be sent again on demand. */
  stop(): void {
    this.#timer.stop()
  }
}

const attemptsBeforeSmall = 3
/** What every IPv4 host takes, RFC 791 §3.1, without the headers of IP and UDP. */
const smallMtu = 548
