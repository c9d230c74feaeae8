import type { Millis } from '@purertc/bytes'

/**
 * Decides how many bytes may be in flight. The sender tells it what happened and reads `window`; it knows nothing of
 * chunks, so that another algorithm is another class behind this interface.
 */
export interface CongestionControl {
  /** Congestion window in bytes of user data. */
  readonly window: number
  /**
   * A SACK took `bytes` out of flight for the first time.
   *
   * @param flightBefore bytes in flight before that SACK.
   * @param advanced whether the cumulative TSN moved.
   * @param recovering whether the sender is in fast recovery.
   */
  acknowledged(now: Millis, bytes: number, flightBefore: number, advanced: boolean, recovering: boolean): void
  /** A fast retransmission begins; called once for each period of fast recovery. */
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
