import type { Millis } from '@purertc/bytes'

/** What a SACK brought, as congestion control sees it. One object serves all SACKs: it is read, not kept. */
export interface AcknowledgedNews {
  readonly now: Millis
  /** Bytes that the SACK took over for the first time, of what was sent over this path; never 0. */
  readonly bytes: number
  /** The most bytes that were in flight since the round trip before this one began. */
  readonly flight: number
  /** Whether the cumulative TSN moved. */
  readonly advanced: boolean
  /** Whether the sender makes up for losses (fast recovery). */
  readonly recovering: boolean
  /** Whether something was acknowledged that was sent after the last such moment: a round trip is over. */
  readonly endsRound: boolean
  /** Milliseconds that this SACK measured, `NaN` for none. */
  readonly roundTrip: number
  /** Smoothed, in milliseconds; `NaN` before the first measurement. */
  readonly smoothedRoundTrip: number
}

/**
 * Decides how many bytes may be in flight. The sender tells it what happened and reads `window`; it knows nothing of
 * chunks, so that another algorithm is another class behind this interface.
 */
export interface CongestionControl {
  /** Congestion window in bytes of user data. */
  readonly window: number
  /** How many windows a round trip may be paced out: 2 while the window doubles, little more than 1 else. */
  readonly pacingGain: number
  acknowledged(news: AcknowledgedNews): void
  /** Losses were found, of what was sent over this path; called once for each period of recovery. */
  lossDetected(now: Millis): void
  /** The retransmission timer went off. */
  timedOut(now: Millis): void
  /** Nothing was sent for `timeouts` retransmission timeouts (at least one). */
  idled(timeouts: number): void
  /** The path takes packets of another size from now on. */
  packetSizeChanged(packetSize: number): void
}

/** Makes the algorithm of one association: `packetSize` and `initialWindow` are bytes. */
export type CongestionControlFactory = (packetSize: number, initialWindow: number) => CongestionControl
