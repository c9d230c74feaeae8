import type { TransportAddress } from '@purertc/stun'

/** A STUN server over UDP, or a TURN server, its host name resolved. */
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
  /** How it is reached; what it relays is UDP in any case. Default `udp`. */
  readonly transport?: RelayProtocol
  /** With `tls`, whom its certificate must name. */
  readonly hostname?: string
  readonly username: string
  readonly password: string
  readonly url?: string
}

/** How an agent reaches its relay, W3C WebRTC §4.8.1.2. */
export type RelayProtocol = 'udp' | 'tcp' | 'tls'

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

/** Whether the way to the server is a connection. */
export function isStream({ transport = 'udp' }: TurnServerAddress): boolean {
  return transport !== 'udp'
}
