import type { Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import type { Base } from './base.ts'
import type { Discarded } from './discarded.ts'
import type { InboundCheck } from './inbound-check.ts'
import type { Pair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'

/** What a session asks of its agent and tells it. */
export interface SessionHost {
  /** Sends a request; the bytes are the host's to keep. */
  request(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  respond(now: Millis, base: Base, to: TransportAddress, bytes: Uint8Array): void
  acceptPair(pair: Pair): boolean
  acceptCheck(base: Base, from: TransportAddress, check: InboundCheck): boolean
  pairSelected(pair: Pair): void
  pairFailed(pair: Pair, reason: PairFailure): void
  /** The peer has answered a check of the pair. */
  heard(now: Millis, pair: Pair): void
  /** The peer has checked the pair. */
  asked(now: Millis, pair: Pair): void
  discarded(reason: Discarded): void
  /** Runs when the agent's state is settled, before the outermost handler ends. */
  later(action: () => void): void
}
