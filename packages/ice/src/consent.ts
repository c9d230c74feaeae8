import { Millis } from '@purertc/bytes'

import type { Pair } from './pair.ts'

export interface ConsentHost {
  /** Send a Binding request over the pair, once. */
  consentCheckDue(now: Millis, pair: Pair): void
  /** Nothing has come over the pair for a while, or something has again: `pair.isSilent` tells. */
  silenceChanged(now: Millis, pair: Pair): void
  /** The peer has not consented for 30 s: nothing more may be sent to it. */
  consentExpired(now: Millis, pair: Pair): void
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
export class Consent {
  readonly #host: ConsentHost
  /** [0, 1). */
  readonly #random: () => number
  readonly #silence: number
  readonly #interval: number
  readonly #expiry: number
  #pair: Pair | null = null
  #checkAt: Millis = NEVER
  /** When to look whether anything has followed the last check, so that it need not be sent again. */
  #retryAt: Millis = NEVER
  /** How often it was. */
  #retries = 0
  #checkedAt: Millis = LONG_AGO
  /** When to look whether the pair fell silent; data moves `heardAt` on without touching any timer. */
  #listenAt: Millis = NEVER
  /** When a check of the peer's put this agent's off. */
  #putOffAt: Millis = LONG_AGO
  /** Whether data was sent since the last check. */
  #isSending = false

  constructor(timings: ConsentTimings, random: () => number, host: ConsentHost) {
    this.#host = host
    this.#random = random
    this.#silence = timings.silence
    this.#interval = timings.interval ?? 5_000
    this.#expiry = timings.expiry ?? 30_000
  }

  get pair(): Pair | null {
    return this.#pair
  }

  /** Whether consent for `pair` has not run out. */
  isFresh(now: Millis, pair: Pair): boolean {
    return now < pair.respondedAt + this.#expiry
  }

  /** From now on data goes over `pair`; `null`: over none. */
  follow(now: Millis, pair: Pair | null): void {
    if (pair === this.#pair) return
    this.#pair = pair
    this.#putOffAt = LONG_AGO
    this.#retryAt = NEVER
    this.#checkAt = pair === null ? NEVER : this.#nextCheck(now)
    this.#listenAt = pair === null ? NEVER : Millis(now + this.#silence)
  }

  /**
   * A sign of life over the followed pair, whose `heardAt` is up to date. Data need not be reported: it is found out when it
   * is time to listen. What is reported puts that off, so that checks with answers keep an idle agent asleep in between.
   */
  heard(now: Millis): void {
    if (this.#pair === null) return
    this.#listenAt = Millis(now + this.#silence)
    if (this.#isAnswered(this.#pair)) this.#retryAt = NEVER
    if (!this.#pair.isSilent) return
    this.#pair.isSilent = false
    this.#host.silenceChanged(now, this.#pair)
  }

  /** The peer has asked for consent over the followed pair, and {@link Consent.heard} was told. */
  asked(now: Millis): void {
    if (this.#pair === null || this.#isSending || now >= this.#pair.respondedAt + TURNS) return
    this.#putOffAt = now
    this.#checkAt = this.#nextCheck(now, MIDDLE)
  }

  /** Data is being sent over the followed pair: a check that was put off is due at once. */
  sending(now: Millis): void {
    if (this.#isSending) return
    this.#isSending = true
    if (this.#putOffAt > this.#checkedAt && now >= this.#checkedAt + this.#interval) this.#checkAt = now
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
    const hasChanged = now >= this.#listenAt && this.#listen(now, pair)
    if (now >= this.#checkAt) this.#check(now, pair)
    else if (now >= this.#retryAt) this.#retry(now, pair)
    return hasChanged
  }

  get nextTimeout(): Millis {
    if (this.#pair === null) return NEVER
    const expiresAt = this.#expiresAt(this.#pair)
    return Millis(Math.min(this.#checkAt, this.#retryAt, this.#listenAt, expiresAt))
  }

  /** What an agent sends without consent is data alone: while it sends none, its peer's questions count, too. */
  #expiresAt({ respondedAt }: Pair): Millis {
    const since = this.#isSending ? respondedAt : Math.max(respondedAt, this.#putOffAt)
    return Millis(since + this.#expiry)
  }

  /** Whether the last check needs no other: who sends data needs an answer, to others any sign of life is one. */
  #isAnswered({ respondedAt, heardAt }: Pair): boolean {
    return (this.#isSending ? respondedAt : heardAt) >= this.#checkedAt
  }

  #check(now: Millis, pair: Pair): void {
    // Idle ends take turns: where the peer does, its next check comes first, unless it is lost.
    const takesTurns = !this.#isSending && this.#putOffAt > this.#checkedAt
    this.#checkAt = this.#nextCheck(now, takesTurns ? LATE : WHOLE)
    this.#checkedAt = now
    this.#isSending = false
    this.#retries = 0
    this.#awaitAnswer(now)
    this.#host.consentCheckDue(now, pair)
  }

  #retry(now: Millis, pair: Pair): void {
    if (this.#isAnswered(pair)) {
      this.#retryAt = NEVER
      return
    }
    this.#retries++
    this.#awaitAnswer(now)
    this.#host.consentCheckDue(now, pair)
  }

  #awaitAnswer(now: Millis): void {
    const retries = this.#retries
    this.#retryAt = retries < MAX_RETRIES ? Millis(onGrid(now + RETRY * 2 ** retries, Math.floor)) : NEVER
  }

  /** Whether the pair has fallen silent. */
  #listen(now: Millis, pair: Pair): boolean {
    const silentAt = Millis(pair.heardAt + this.#silence)
    if (now < silentAt) {
      this.#listenAt = silentAt
      return false
    }
    pair.isSilent = true
    this.#listenAt = NEVER
    this.#host.silenceChanged(now, pair)
    return true
  }

  /**
   * RFC 7675 §5.1: 0.8 to 1.2 of the interval, so that checks of many agents do not fall in step. Yet those of one process
   * share a few instants: to wake up costs a server of thousands more than the check does.
   */
  #nextCheck(now: Millis, { from, to }: Span = WHOLE): Millis {
    const spread = (0.4 * this.#interval - GRID) * (from + (to - from) * this.#random())
    return Millis(onGrid(now + 0.8 * this.#interval + spread, Math.ceil))
  }
}

function onGrid(at: number, round: (value: number) => number): number {
  return round(at / GRID) * GRID
}

/** Milliseconds between the instants that agents of one process share: eight of them are in an interval's range. */
const GRID = 250

/**
 * Parts of the range. Who was asked last asks next: the spans do not meet, or both would ask at the same instant. Nor does it
 * ask sooner than it must: a check that is lost can still be sent again before the pair counts as silent.
 */
interface Span {
  readonly from: number
  readonly to: number
}
const WHOLE: Span = { from: 0, to: 1 }
const MIDDLE: Span = { from: 0.6, to: 0.8 }
const LATE: Span = { from: 0.9, to: 1 }

/** Milliseconds after an answer in which the peer's checks may stand for this agent's. */
const TURNS = 12_000

/** Milliseconds after a check in which an answer comes over any path that is of use; twice as long after the next. */
const RETRY = 1_000
const MAX_RETRIES = 2

const NEVER = Millis(Infinity)
const LONG_AGO = Millis(-Infinity)
