import { type Deadlines, Millis } from '@purertc/bytes'

import { Timer } from '../timer.ts'
import { Tsn } from '../tsn.ts'
import type { Acknowledgements } from './acknowledgements.ts'
import type { RoundTripTime } from './round-trip-time.ts'
import type { SentChunks } from './sent-chunks.ts'

/**
 * The end of a flight has nothing behind it whose arrival would show that it is lost. A probe, new data or the last
 * chunk once more, draws the SACK that shows it, long before the retransmission timer does: TLP, RFC 8985 §7.
 */
export class TailProbe {
  readonly #deadlines: Deadlines
  readonly #roundTrip: RoundTripTime
  readonly #chunks: SentChunks
  /** How long the peer may hold back a SACK, in milliseconds. */
  readonly #sackDelay: number
  /** Everything below was sent when the probe was; there is one at a time. */
  #end: Tsn | undefined
  #isRepetition = false

  constructor(deadlines: Deadlines, roundTrip: RoundTripTime, chunks: SentChunks, sackDelay: number) {
    this.#deadlines = deadlines
    this.#roundTrip = roundTrip
    this.#chunks = chunks
    this.#sackDelay = sackDelay
  }

  /** Data left, or news came: the probe is due when the SACK that is expected now does not come. */
  arm(now: Millis, packetSize: number): void {
    const { smoothed } = this.#roundTrip
    const { inFlight } = this.#chunks
    if (inFlight === 0 || smoothed === undefined || this.#end !== undefined) {
      this.#deadlines.disarm(Timer.tailProbe)
      return
    }
    const heldBack = inFlight <= packetSize ? this.#sackDelay : 0
    this.#deadlines.arm(Timer.tailProbe, Millis(now + Math.max(2 * smoothed, shortestWait) + heldBack))
  }

  disarm(): void {
    this.#deadlines.disarm(Timer.tailProbe)
  }

  /** The probe leaves. */
  sent(isRepetition: boolean): void {
    this.#end = this.#chunks.next
    this.#isRepetition = isRepetition
  }

  /** After a SACK: whether the probe made up for a loss, RFC 8985 §7.4. */
  repaired(acks: Acknowledgements): boolean {
    if (this.#end === undefined || Tsn.isAfter(this.#end, this.#chunks.first)) return false
    this.#end = undefined
    // What the peer got twice was not lost.
    return this.#isRepetition && !acks.hasDuplicates
  }

  /** The retransmission timer went off, or losses were found otherwise. */
  forget(): void {
    this.#end = undefined
    this.disarm()
  }
}

/** Milliseconds: a busy process answers no sooner. */
const shortestWait = 10
