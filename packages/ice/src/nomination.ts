import { Millis } from '@purertc/bytes'

import type { CheckList } from './check-list.ts'
import type { Pair } from './pair.ts'

export interface NominationPatience {
  /** Milliseconds to wait for a better pair once a direct one works. Default 200. */
  readonly direct?: number
  /** The same once only a relayed one works. Default 1500. */
  readonly relayed?: number
}

/**
 * When the controlling agent nominates which pair, RFC 8445 §8.1.1. The best valid pair is taken once nothing better can
 * come any more, or when waiting for it has taken long enough. Data flows meanwhile, so patience costs no time.
 */
export class Nomination {
  readonly #direct: number
  readonly #relayed: number
  /** When the first valid pair, and when the first valid direct pair was seen. */
  #anySince: Millis = NEVER
  #directSince: Millis = NEVER
  #decidesAt: Millis = NEVER

  constructor(patience: NominationPatience = {}) {
    this.#direct = patience.direct ?? 200
    this.#relayed = patience.relayed ?? 1_500
  }

  /**
   * The pair to nominate now, or `null`: there is none yet, or it is worth waiting until {@link Nomination.nextTimeout}.
   * `isComplete`: neither agent will come up with further candidates. `isPeerReady`: the
   * peer's own checks have come, so that it knows of this session. Until it has the answer it may acknowledge a nomination
   * without taking note of it, as Firefox does.
   */
  choose(
    now: Millis,
    list: CheckList,
    isComplete: boolean,
    isPeerReady: boolean,
    isEligible: (pair: Pair) => boolean,
  ): Pair | null {
    this.#decidesAt = NEVER
    const best = list.pairs.find((pair) => pair.isUsable && isEligible(pair))
    if (best === undefined) return null
    this.#anySince = earlier(this.#anySince, now)
    if (!best.isRelayed) this.#directSince = earlier(this.#directSince, now)
    const mayImprove = list.hasBetterThan(best) || (best.isRelayed && !isComplete)
    const better = best.isRelayed ? this.#anySince + this.#relayed : this.#directSince + this.#direct
    const deadline = Math.max(mayImprove ? better : now, isPeerReady ? now : this.#anySince + UNHEARD)
    if (now >= deadline) return best
    this.#decidesAt = Millis(deadline)
    return null
  }

  /** The decision is made, or not this agent's any more. */
  rest(): void {
    this.#decidesAt = NEVER
  }

  get nextTimeout(): Millis {
    return this.#decidesAt
  }
}

function earlier(a: Millis, b: Millis): Millis {
  return a < b ? a : b
}

/** Milliseconds; a peer that is lite, and does not say so, is never heard. */
const UNHEARD = 2_000

const NEVER = Millis(Infinity)
