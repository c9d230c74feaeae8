import type { AssociationState } from './state.ts'
import type { StateCookie } from './state-cookie.ts'

/**
 * What a valid COOKIE ECHO means to an association, RFC 9260 §5.2.4, Table 12:
 *
 * | local tag | peer tag | tie tags | action |
 * |---|---|---|---|
 * | differs | differs | match | A: the peer has restarted |
 * | matches | differs | any | B: both sides began at once |
 * | differs | matches | none | C: a late answer to an INIT that was replaced |
 * | matches | matches | any | D: the same association |
 *
 * Everything else is discarded.
 */
export type CookieMeaning = 'new' | 'same' | 'restart' | 'shutting-down' | 'discard'

/** `peerTag` is 0 while it is unknown. */
export function classifyCookie(
  cookie: StateCookie,
  state: AssociationState,
  localTag: number,
  peerTag: number,
): CookieMeaning {
  const isBeginning = state === 'new' || state === 'cookie-wait' || state === 'cookie-echoed'
  if (cookie.localTag === localTag) {
    if (cookie.peerTag === peerTag) return 'same'
    return isBeginning ? 'new' : 'discard'
  }
  const tied = cookie.localTieTag === localTag && cookie.peerTieTag === peerTag
  if (isBeginning || state === 'closed' || cookie.peerTag === peerTag || !tied) return 'discard'
  return state === 'shutdown-ack-sent' ? 'shutting-down' : 'restart'
}
