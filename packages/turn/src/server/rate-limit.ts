import { Millis } from '@purertc/bytes'

import { TurnError } from '../turn-error.ts'

/** How much data may be relayed, in each direction for itself. What is left out is not limited. */
export interface RateLimits {
  /** Bytes of application data. */
  readonly bytesPerSecond?: number
  readonly packetsPerSecond?: number
}

/**
 * A meter that lets data pass at a rate, and as much as a second's worth at once. It goes into debt for the datagram that
 * crosses the line, so that a large one passes a small limit sometimes instead of never.
 */
export class RateMeter {
  readonly #bytesPerMs: number
  readonly #packetsPerMs: number
  #bytes: number
  #packets: number
  #at = Millis(-Infinity)

  /** Throws {@link TurnError} `invalid-config` for limits that are not above 0. */
  constructor(limits: RateLimits) {
    this.#bytesPerMs = perMillisecond(limits.bytesPerSecond)
    this.#packetsPerMs = perMillisecond(limits.packetsPerSecond)
    this.#bytes = 1000 * this.#bytesPerMs
    this.#packets = 1000 * this.#packetsPerMs
  }

  /** Whether so many bytes may pass in one datagram now; if so, they are counted. */
  take(now: Millis, bytes: number): boolean {
    if (now > this.#at) {
      const elapsed = now - this.#at
      this.#bytes = Math.min(this.#bytes + elapsed * this.#bytesPerMs, 1000 * this.#bytesPerMs)
      this.#packets = Math.min(this.#packets + elapsed * this.#packetsPerMs, 1000 * this.#packetsPerMs)
      this.#at = now
    }
    if (this.#bytes <= 0 || this.#packets <= 0) return false
    this.#bytes -= bytes
    this.#packets--
    return true
  }

  /** Counts bytes of a stream, which are not lost but late: milliseconds until more of them may pass. */
  delay(now: Millis, bytes: number): number {
    this.take(now, 0)
    this.#bytes -= bytes
    return Math.max(0, Math.ceil(-this.#bytes / this.#bytesPerMs))
  }
}

/** The two directions of a user, or of all users together. */
export interface RateMeters {
  readonly toPeers: RateMeter
  readonly toClient: RateMeter
}

/** Null where nothing is limited, which then costs nothing. */
export function rateMeters(limits: RateLimits | undefined): RateMeters | null {
  if (limits?.bytesPerSecond === undefined && limits?.packetsPerSecond === undefined) return null
  return { toPeers: new RateMeter(limits), toClient: new RateMeter(limits) }
}

/** A rate that is not limited is one beyond reach, and no Infinity, which would make NaN of the arithmetic. */
function perMillisecond(perSecond = Number.MAX_SAFE_INTEGER): number {
  if (!(perSecond > 0)) throw new TurnError('invalid-config', `a limit of ${perSecond} a second`)
  return Math.min(perSecond, Number.MAX_SAFE_INTEGER) / 1000
}
