import type { Millis } from '@purertc/bytes'
import type { TransportAddress } from '@purertc/stun'

import type { IceCandidate } from './candidate.ts'
import type { IceConnectionState } from './connection-state.ts'
import type { GatheringState } from './gatherer.ts'
import type { CandidatePair } from './pair.ts'
import type { PairFailure } from './pair-failure.ts'
import type { CandidateError, TurnServerAddress } from './server-address.ts'

/** A peer's Binding request, before it is answered. */
export interface ReceivedCheck {
  readonly from: TransportAddress
  /** The address it came to: an interface's, or a relayed one. */
  readonly to: TransportAddress
  readonly isNominating: boolean
}

/**
 * What an agent asks of its host and tells it. Bytes are borrowed until the call returns. Calls that tell may call back
 * into the agent; calls that ask (`accept…`) must not.
 */
export interface IceHost {
  transmit(socket: number, to: TransportAddress, bytes: Uint8Array): void
  /**
   * Sends one message to a TURN server that is reached over TCP or TLS: over the connection that this socket's address
   * has to that server, which is made where there is none. Messages come back by `IceAgent.handleServerMessage`, its
   * end by `IceAgent.serverLost`. A host without streams leaves it out, and such servers yield no candidates.
   */
  transmitToServer?(socket: number, server: TurnServerAddress, bytes: Uint8Array): void
  /** The connection of that socket's address to that server has served its purpose. */
  disconnectServer?(socket: number, server: TurnServerAddress): void
  /**
   * Look that mDNS name up and call `IceAgent.nameResolved`, with no address where it is unknown. Without it, candidates
   * with names are of no use.
   */
  resolveName?(name: string): void
  /** A datagram of the peer that is no STUN. */
  received(now: Millis, bytes: Uint8Array): void
  /** To be signalled to the peer; `null`: that was the last one. */
  candidateGathered(candidate: IceCandidate | null): void
  /** A server yields no candidate. Not fatal. */
  candidateError?(error: CandidateError): void
  gatheringStateChanged(state: GatheringState): void
  stateChanged(state: IceConnectionState): void
  /** The pair that data goes over from now on was nominated. */
  pairSelected(pair: CandidatePair): void
  /** Not fatal: others may do. */
  pairFailed?(pair: CandidatePair, reason: PairFailure): void
  /** All TURN allocations are given back after `close()`: the sockets can go. */
  released?(): void
  /** False: the pair works but is not to be used. As controlling before this agent nominates it, as controlled after. */
  acceptPair?(pair: CandidatePair): boolean
  /** False: the candidate is neither signalled nor used. */
  acceptLocalCandidate?(candidate: IceCandidate): boolean
  /** False: the candidate is not checked. */
  acceptRemoteCandidate?(candidate: IceCandidate): boolean
  /** False: the authenticated request is neither answered nor learned from. */
  acceptCheck?(check: ReceivedCheck): boolean
}
