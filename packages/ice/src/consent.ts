import { Millis } from '@purertc/bytes'

import { type ConsentTimes, consentTimes, type FollowedPair, LONG_AGO, NEVER } from './consent-times.ts'
import type { Pair } from './pair.ts'

export interface ConsentHost<P extends FollowedPair = Pair> {
  /** Send a Binding request over the pair, once. */
  consentCheckDue(now: Millis, pair: P): void
  /** Nothing has come over the pair for a while, or something has again: `pair.isSilent` tells. */
  silenceChanged(now: Millis, pair: P): void
  /** The peer has not consented for 30 s: nothing more may be sent to it. */
  consentExpired(now: Millis, pair: P): void
}

export interface ConsentTimings {
  /** Milliseconds without a sign of life until the pair counts as silent. */
  readonly silence: number
  /** Milliseconds between consent checks, before randomisation. Default 5000, RFC 7675 §5.1. */
  readonly interval?: number
  /** Milliseconds that consent lasts. Default 30000, RFC 7675 §5.1. */
  readonly expiry?: number
}

/**
 * Consent freshness, RFC 7675, for the one pair that data is sent over: a check every 4 to 6 s, and the end of consent
 * 30 s after the last answer. The checks keep NAT bindings alive, too (RFC 8445 §11).
 *
 * An endpoint that sends nothing need not maintain consent (§5.1). While that is so, and for 12 s at most, this agent puts
 * its check off whenever it hears its peer's: one exchange shows both ends that the other is there, so that agents of two
 * idle ends take turns.
 *
 * A check that nothing follows is sent again after one and after three seconds: on a link that loses much, the few answers
 * that 30 s bring may all be lost, and consent end while data flows.
 */
export class Consent<P extends FollowedPair = Pair> {
  readonly times: ConsentTimes
  readonly #host: ConsentHost<P>
  /** [0, 1). */
  readonly #random: () => number
  readonly #interval: number
  readonly #expiry: number
  #pair: P | null = null

  /** `times`: where to keep them. */
  constructor(
    timings: ConsentTimings,
    random: () => number,
    host: ConsentHost<P>,
    times: ConsentTimes = consentTimes(timings.silence),
  ) {
    this.times = times
    this.#host = host
    this.#random = random
    this.#interval = timings.interval ?? 5_000
    this.#expiry = timings.expiry ?? 30_000
  }

  get pair(): P | null {
    return this.#pair
  }

  /** Whether consent for `pair` has not run out. */
  isFresh(now: Millis, pair: FollowedPair): boolean {
    return now < pair.respondedAt + this.#expiry
  }

  /** From now on data goes over `pair`; `null`: over none. */
  follow(now: Millis, pair: P | null): void {
    if (pair === this.#pair) return
    this.#pair = pair
    this.times.putOffAt = LONG_AGO
    this.times.retryAt = NEVER
    this.times.checkAt = pair === null ? NEVER : this.#nextCheck(now)
    this.times.listenAt = pair === null ? NEVER : Millis(now + this.times.silence)
  }

  /** From now on data goes over `pair`, for which the times are right already. */
  resume(pair: P): void {
    this.#pair = pair
  }

  /**
   * A sign of life over the followed pair, whose `heardAt` is up to date. Data need not be reported: it is found out when it
   * is time to listen. What is reported puts that off, so that checks with answers keep an idle agent asleep in between.
   */
  heard(now: Millis): void {
    if (this.#pair === null) return
    this.times.listenAt = Millis(now + this.times.silence)
    if (this.#isAnswered(this.#pair)) this.times.retryAt = NEVER
    if (!this.#pair.isSilent) return
    this.#pair.isSilent = false
    this.#host.silenceChanged(now, this.#pair)
  }

  /** The peer has asked for consent over the followed pair, and {@link Consent.heard} was told. */
  asked(now: Millis): void {
    if (this.#pair === null || this.times.isSending || now >= this.#pair.respondedAt + TURNS) return
    this.times.putOffAt = now
    this.times.checkAt = this.#nextCheck(now)
  }

  /** Data is being sent over the followed pair: a check that was put off is due at once. */
  sending(now: Millis): void {
    if (this.times.isSending) return
    this.times.isSending = true
    if (this.times.putOffAt > this.times.checkedAt && now >= this.times.checkedAt + this.#interval)
      this.times.checkAt = now
  }

  /** False where nothing has changed: a check was sent at the most. */
  handleTimeout(now: Millis): boolean {
    const pair = this.#pair
    if (pair === null) return false
    if (now >= this.#expiresAt(pair)) {
      this.follow(now, null)
      this.#host.consentExpired(now, pair)
      return true
    }
    const hasChanged = now >= this.times.listenAt && this.#listen(now, pair)
    if (now >= this.times.checkAt) this.#check(now, pair)
    else if (now >= this.times.retryAt) this.#retry(now, pair)
    return hasChanged
  }

  get nextTimeout(): Millis {
    if (this.#pair === null) return NEVER
    const expiresAt = this.#expiresAt(this.#pair)
    return Millis(Math.min(this.times.checkAt, this.times.retryAt, this.times.listenAt, expiresAt))
  }

  /** What an agent sends without consent is data alone: while it sends none, its peer's questions count, too. */
  #expiresAt({ respondedAt }: FollowedPair): Millis {
    const since = this.times.isSending ? respondedAt : Math.max(respondedAt, this.times.putOffAt)
    return Millis(since + this.#expiry)
  }

  /** Whether the last check needs no other: who sends data needs an answer, to others any sign of life is one. */
  #isAnswered({ respondedAt, heardAt }: FollowedPair): boolean {
    return (this.times.isSending ? respondedAt : heardAt) >= this.times.checkedAt
  }

  #check(now: Millis, pair: P): void {
    // Idle ends take turns: where the peer does, its next check comes first, unless it is lost.
    const takesTurns = !this.times.isSending && this.times.putOffAt > this.times.checkedAt
    this.times.checkAt = this.#nextCheck(now, takesTurns ? LATE : 0)
    this.times.checkedAt = now
    this.times.isSending = false
    this.times.retries = 0
    this.#awaitAnswer(now)
    this.#host.consentCheckDue(now, pair)
  }

  #retry(now: Millis, pair: P): void {
    if (this.#isAnswered(pair)) {
      this.times.retryAt = NEVER
      return
    }
    this.times.retries++
    this.#awaitAnswer(now)
    this.#host.consentCheckDue(now, pair)
  }

  #awaitAnswer(now: Millis): void {
    const { retries } = this.times
    this.times.retryAt =
      retries < MAX_RETRIES ? Millis(onGrid(now + RETRY * 2 ** retries, Math.floor)) : NEVER
  }

  /** Whether the pair has fallen silent. */
  #listen(now: Millis, pair: P): boolean {
    const silentAt = Millis(pair.heardAt + this.times.silence)
    if (now < silentAt) {
      this.times.listenAt = silentAt
      return false
    }
    pair.isSilent = true
    this.times.listenAt = NEVER
    this.#host.silenceChanged(now, pair)
    return true
  }

  /**
   * RFC 7675 §5.1: 0.8 to 1.2 of the interval, so that checks of many agents do not fall in step. Yet those of one process
   * share a few instants: to wake up costs a server of thousands more than the check does.
   */
  #nextCheck(now: Millis, from: number = 0): Millis {
    const spread = (0.4 * this.#interval - GRID) * (from + (1 - from) * this.#random())
    return Millis(onGrid(now + 0.8 * this.#interval + spread, Math.ceil))
  }
}

function onGrid(at: number, round: (value: number) => number): number {
  return round(at / GRID) * GRID
}

/** Milliseconds between the instants that agents of one process share: eight of them are in an interval's range. */
const GRID = 250

/** The last quarter of an interval's range. */
const LATE = 0.75

/** Milliseconds after an answer in which the peer's checks may stand for this agent's. */
const TURNS = 12_000

/** Milliseconds after a check in which an answer comes over any path that is of use; twice as long after the next. */
const RETRY = 1_000
const MAX_RETRIES = 2
