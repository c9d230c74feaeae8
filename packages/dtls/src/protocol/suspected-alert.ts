import { Millis, type Reader } from '@purertc/bytes'

import type { Discard } from '../discard.ts'
import type { Alert } from './alert.ts'
import { isFinal, isKnownLevel, tryDecodeAlert } from './alert-rules.ts'

/**
 * An alert in the clear ends nothing by itself: one forged datagram would do for a handshake. A peer that meant it sends
 * nothing more, so it counts when the peer stays silent for longer than a retransmission takes.
 */
export class SuspectedAlert {
  #alert: Alert | null = null
  #deadline = Millis(Infinity)

  /** When it is to be believed. */
  get deadline(): Millis {
    return this.#deadline
  }

  /** Null where there is none. */
  get alert(): Alert | null {
    return this.#alert
  }

  /** Takes note of an alert, which is given `patience` ms; returns why not, or null. */
  note(now: Millis, reader: Reader, isUnderWay: boolean, patience: number): Discard | null {
    const alert = tryDecodeAlert(reader)
    if (alert === null || !isKnownLevel(alert)) return 'malformed-content'
    if (!isUnderWay || !isFinal(alert, false)) return 'warning'
    if (this.#alert !== null) return null
    this.#alert = alert
    this.#deadline = Millis(now + patience)
    return null
  }

  /** The peer goes on with the handshake, so the alert was not its own. */
  forget(): void {
    this.#alert = null
    this.#deadline = Millis(Infinity)
  }
}
