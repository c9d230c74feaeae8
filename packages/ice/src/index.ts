export { IceAgent } from './agent.ts'
export type { LocalSocket } from './base.ts'
export type { CandidateType, IceCandidate, TcpType } from './candidate.ts'
export { formatCandidate, parseCandidate } from './candidate-grammar.ts'
export type { IceConfig } from './config.ts'
export type { IceConnectionState } from './connection-state.ts'
export { generateCredentials, type IceCredentials, type RemoteOptions } from './credentials.ts'
export type { Discarded } from './discarded.ts'
export { DtlsInStun, type DtlsInStunDiscard, type DtlsInStunStatistics } from './dtls-in-stun.ts'
export type { GatheringState } from './gatherer.ts'
export type { IceHost, ReceivedCheck } from './host.ts'
export { IceError, type IceFault } from './ice-error.ts'
export type { NominationPatience } from './nomination.ts'
export type { CandidatePair, PairState } from './pair.ts'
export type { PairFailure } from './pair-failure.ts'
export { candidatePriority, pairPriority, typePreference } from './priority.ts'
export type { IceRole } from './role.ts'
export type {
  CandidateError,
  IceServerAddress,
  RelayProtocol,
  StunServerAddress,
  TurnServerAddress,
} from './server-address.ts'
export { parseServerUrl, type ServerUrl } from './server-url.ts'
export type { IceStatistics } from './stats.ts'
