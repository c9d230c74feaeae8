import type { Millis } from '@purertc/bytes'

import type { Acknowledgements } from './acknowledgements.ts'
import type { AcknowledgedNews } from './congestion-control.ts'
import type { LossDetection } from './loss-detection.ts'
import type { RoundTripTime } from './round-trip-time.ts'

/** What the last SACK brought, as congestion control is told: one object for all SACKs. */
export class CongestionNews implements AcknowledgedNews {
  readonly #acks: Acknowledgements
  readonly #losses: LossDetection
  readonly #roundTrip: RoundTripTime
  now = 0 as Millis
  bytes = 0
  flight = 0
  advanced = false
  recovering = false
  endsRound = false
  roundTrip: number = Number.NaN
  smoothedRoundTrip: number = Number.NaN

  constructor(acks: Acknowledgements, losses: LossDetection, roundTrip: RoundTripTime) {
    this.#acks = acks
    this.#losses = losses
    this.#roundTrip = roundTrip
  }

  /** The news at this moment: read, not kept. */
  take(now: Millis, flight: number): AcknowledgedNews {
    const acks = this.#acks
    this.now = now
    this.bytes = acks.ackedBytesOfPath
    this.flight = flight
    this.advanced = acks.advanced
    this.recovering = this.#losses.isRecovering
    this.endsRound = acks.endsRound
    this.roundTrip = acks.roundTrip
    this.smoothedRoundTrip = this.#roundTrip.smoothed ?? Number.NaN
    return this
  }
}
