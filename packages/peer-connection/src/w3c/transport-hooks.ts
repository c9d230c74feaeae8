import type { DtlsSession } from '@purertc/dtls'
import type { CandidatePair, IceCandidate, PairFailure, ReceivedCheck } from '@purertc/ice'

import type { PeerTransportHost } from '../transport/peer-transport-host.ts'
import type { TransportError } from '../transport/transport-error.ts'

/**
 * What ICE and DTLS do, and the application's say in it. Those that are asked answer at once and do not call the
 * connection; the others are told in their turn among the events.
 */
export interface TransportHooks {
  /** False: the candidate is neither signalled nor used. */
  readonly acceptLocalCandidate?: (candidate: IceCandidate) => boolean
  /** False: the candidate is not checked. */
  readonly acceptRemoteCandidate?: (candidate: IceCandidate) => boolean
  /** False: the peer's connectivity check is neither answered nor learned from. */
  readonly acceptCheck?: (check: ReceivedCheck) => boolean
  /** False refuses the nomination of the pair; others may be nominated. */
  readonly acceptPair?: (pair: CandidatePair) => boolean
  readonly pairSelected?: (pair: CandidatePair) => void
  /** Not fatal. */
  readonly pairFailed?: (pair: CandidatePair, reason: PairFailure) => void
  /** The peer has proven its certificate. */
  readonly secured?: (session: DtlsSession) => void
  /** The peer, or a fault, ended the link. */
  readonly closed?: (reason: TransportError | null) => void
}

/**
 * The transport's calls that are the application's. Whom it asks, answers at once; what it tells goes through `post`, to
 * be told in its turn.
 */
export function hookCalls(hooks: TransportHooks, post: (event: () => void) => void): HookCalls {
  const { acceptLocalCandidate, acceptRemoteCandidate, acceptCheck, acceptPair } = hooks
  return {
    ...(acceptLocalCandidate && { acceptLocalCandidate }),
    ...(acceptRemoteCandidate && { acceptRemoteCandidate }),
    ...(acceptCheck && { acceptCheck }),
    ...(acceptPair && { acceptPair }),
    pairSelected: (pair) => post(() => hooks.pairSelected?.(pair)),
    pairFailed: (pair, reason) => post(() => hooks.pairFailed?.(pair, reason)),
    secured: (session) => post(() => hooks.secured?.(session)),
  }
}

export type HookCalls = Pick<
  PeerTransportHost,
  | 'acceptLocalCandidate'
  | 'acceptRemoteCandidate'
  | 'acceptCheck'
  | 'acceptPair'
  | 'pairSelected'
  | 'pairFailed'
  | 'secured'
>
