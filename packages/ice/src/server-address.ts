import type { TransportAddress } from '@purertc/stun'

/** A STUN or TURN server over UDP, its host name resolved. */
export type IceServerAddress = StunServerAddress | TurnServerAddress

export interface StunServerAddress {
  readonly kind: 'stun'
  readonly address: TransportAddress
  /** What the application calls it; for error reports. */
  readonly url?: string
}

export interface TurnServerAddress {
  readonly kind: 'turn'
  readonly address: TransportAddress
  readonly username: string
  readonly password: string
  readonly url?: string
}

/** Why a server yields no candidate. Not fatal. */
export interface CandidateError {
  /** Of the server. */
  readonly server: TransportAddress
  readonly url: string | undefined
  /** The local address that was to get a candidate. */
  readonly base: TransportAddress
  /** The server's STUN error code; 701 when it does not answer (W3C WebRTC §4.8.3). */
  readonly code: number
  readonly text: string
}

/** 701, for a server that cannot be reached. */
export const UNREACHABLE = 701
