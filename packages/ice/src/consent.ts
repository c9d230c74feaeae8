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
  /** When to look whether the pair fell silent; data moves `heardAt` on without touching any timer. */
  #listenAt: Millis = NEVER

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
    if (!this.#pair.isSilent) return
    this.#pair.isSilent = false
    this.#host.silenceChanged(now, this.#pair)
  }

  /** False where nothing has changed: a check was sent at the most. */
  handleTimeout(now: Millis): boolean {
    const pair = this.#pair
    if (pair === null) return false
    if (now >= pair.respondedAt + this.#expiry) {
      this.follow(now, null)
      this.#host.consentExpired(now, pair)
      return true
    }
    const hasChanged = now >= this.#listenAt && this.#listen(now, pair)
    if (now >= this.#checkAt) {
      this.#checkAt = this.#nextCheck(now)
      this.#host.consentCheckDue(now, pair)
    }
    return hasChanged
  }

  get nextTimeout(): Millis {
    if (this.#pair === null) return NEVER
    return Millis(Math.min(this.#checkAt, this.#listenAt, this.#pair.respondedAt + this.#expiry))
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
  #nextCheck(now: Millis): Millis {
    const grid = this.#interval / 100
    const at = now + this.#interval * (0.8 + 0.39 * this.#random())
    return Millis(Math.ceil(at / grid) * grid)
  }
}

const NEVER = Millis(Infinity)
