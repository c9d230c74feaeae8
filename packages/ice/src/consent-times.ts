import { Millis } from '@purertc/bytes'

/** The pair that consent is minded for, as far as that goes. */
export interface FollowedPair {
  /** When the last authenticated success response came: from there consent runs (RFC 7675 §5.1). */
  respondedAt: Millis
  /** When anything came from the peer. */
  heardAt: Millis
  /** Nothing has come for a while from the peer that data is sent to. */
  isSilent: boolean
}

/** When consent is checked, and was. That is all that `Consent` remembers, so that it may be kept elsewhere. */
export interface ConsentTimes {
  checkAt: Millis
  /** When to look whether anything has followed the last check, so that it need not be sent again. */
  retryAt: Millis
  /** How often it was. */
  retries: number
  checkedAt: Millis
  /** When to look whether the pair fell silent; data moves `heardAt` on without touching any timer. */
  listenAt: Millis
  /** When a check of the peer's put this agent's off. */
  putOffAt: Millis
  /** Milliseconds without a sign of life until the pair counts as silent. */
  silence: number
  /** Whether data was sent since the last check. */
  isSending: boolean
}

export function consentTimes(silence: number): ConsentTimes {
  return {
    ...{ checkAt: NEVER, retryAt: NEVER, checkedAt: LONG_AGO, listenAt: NEVER, putOffAt: LONG_AGO },
    ...{ silence, retries: 0, isSending: false },
  }
}

export function copyConsentTimes(from: ConsentTimes, to: ConsentTimes): void {
  to.checkAt = from.checkAt
  to.retryAt = from.retryAt
  to.retries = from.retries
  to.checkedAt = from.checkedAt
  to.listenAt = from.listenAt
  to.putOffAt = from.putOffAt
  to.silence = from.silence
  to.isSending = from.isSending
}

export const NEVER: Millis = Millis(Infinity)
export const LONG_AGO: Millis = Millis(-Infinity)
