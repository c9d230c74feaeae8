import type { Millis } from '@purertc/bytes'
import type { CryptoProvider } from '@purertc/crypto'
import type { AccessCredentials, IcmpValue, Method, RetransmitPolicy, TransportAddress } from '@purertc/stun'

import type { TurnError } from '../turn-error.ts'

export interface TurnClientConfig {
  readonly crypto: CryptoProvider
  /** Where requests go; the host sends them there. */
  readonly server: TransportAddress
  readonly username: string
  /** Not needed with `accessToken`. */
  readonly password?: string
  /** What an authorization server gave us for this server (RFC 7635), in the place of name and password. */
  readonly accessToken?: AccessCredentials
  /** Seconds to ask for, with every refresh again. Default: what the server gives, 600 by RFC 8656 §7.2. */
  readonly lifetime?: number
  /** SOFTWARE of our requests. Default: none. */
  readonly software?: string
  /**
   * Whether the way to the server delivers what it takes, so that nothing is sent twice: true for TCP and TLS. Default
   * false.
   */
  readonly isReliable?: boolean
  /**
   * Family of the relayed address; IPv4 by default. A peer must be of the same. `both` asks for an IPv6 address beside
   * the IPv4 one (`additionalAddress`), which the server may not have.
   */
  readonly family?: 'IPv4' | 'IPv6' | 'both'
  /**
   * What peers are reached by. `tcp` (RFC 6062) takes a server reached over TCP or TLS: then there are `connect` and
   * `connectionAttempted`, and no `send`. Default `udp`.
   */
  readonly transport?: 'udp' | 'tcp'
  /** Asks the server to let us `move` to another address of ours (RFC 8016). Default false. */
  readonly mobility?: boolean
  /**
   * Sends all data with DONT-FRAGMENT, in indications alone: a server that cannot do it drops them (RFC 8656 §11.2).
   * Default false.
   */
  readonly dontFragment?: boolean
  /** How long to wait for answers over UDP and DTLS, and when to send again. Default: as RFC 8489 §6.2.1 has it. */
  readonly retransmit?: RetransmitPolicy
  /** `even`: of the relayed address; `pair`: and keep the next one for `reservationToken`. Default `any`. */
  readonly port?: 'any' | 'even' | 'pair'
  /**
   * Asks for the port that another allocation reserved (its `reservationToken`, within 30 s). The family is that one's.
   */
  readonly reservationToken?: Uint8Array
  /**
   * `auto` (the default) binds a channel for every peer that data is sent to, which saves 32 bytes a datagram; `manual`
   * only for those of `bindChannel`.
   */
  readonly channels?: 'auto' | 'manual'
  /** Bytes that may wait for permissions, over all peers; what exceeds them is dropped. Default 65,536. */
  readonly maxPendingBytes?: number
}

/** What the server has answered to a request of ours. Challenges, which the client meets by itself, are no answers. */
export interface TurnAnswer {
  /** Allocate, Refresh, CreatePermission, ChannelBind or Connect. */
  readonly method: Method
  /** Whom it was about; undefined for the allocation itself. */
  readonly peer: TransportAddress | undefined
  /** Null where the server agreed. */
  readonly error: TurnError | null
}

/** What a client asks of its host and tells it. Bytes are borrowed until the call returns. */
export interface TurnClientHost {
  /** Sends a message to the server: a datagram, or a frame of a stream. */
  transmit(bytes: Uint8Array): void
  /** The server gave us `relayed`, and saw us at `mapped`: our server-reflexive address. */
  allocated(relayed: TransportAddress, mapped: TransportAddress): void
  /** Data from a peer that has a permission. */
  received(now: Millis, peer: TransportAddress, bytes: Uint8Array): void
  /**
   * The allocation was refused, lost, or is not answered for; the client is of no more use. Not called after
   * `close()`.
   */
  failed(error: TurnError): void
  /**
   * The server refuses a permission or a channel for this peer (403: its policy forbids the address). What waited for
   * it was dropped, and so is what is sent to it during the next five minutes.
   */
  peerRefused?(peer: TransportAddress, error: TurnError): void
  /** RFC 6062: the server has connected to that peer; a {@link DataConnection} with this number leads there. */
  peerConnected?(peer: TransportAddress, connection: number): void
  /** RFC 6062: a peer with a permission has connected to us; within 30 seconds a {@link DataConnection} leads there. */
  connectionAttempted?(peer: TransportAddress, connection: number): void
  /**
   * An ICMP error came back for what was sent to that peer, RFC 8656 §11.5; the port is the peer's. Nobody signs it, so it
   * is a hint and no more.
   */
  icmpReceived?(peer: TransportAddress, icmp: IcmpValue): void
  /** Each answer of the server, whatever followed from it; it was told before. */
  answered?(answer: TurnAnswer): void
  /** After `close()`: the allocation is released, or given up where the server does not answer. */
  closed(): void
}

export type TurnClientState = 'new' | 'allocating' | 'allocated' | 'closing' | 'closed' | 'failed'

/**
 * Why something was dropped.
 *
 * - `malformed`, `unauthenticated`: a response of the server, or of someone else.
 * - `unknown-channel`, `no-permission`: data from where we asked for none.
 * - `queue-full`, `refused`: data for a peer whose permission is pending, or was refused.
 * - `not-allocated`: data in either direction after the allocation ended.
 */
export type TurnClientDiscard =
  | 'malformed'
  | 'unauthenticated'
  | 'unknown-channel'
  | 'no-permission'
  | 'queue-full'
  | 'refused'
  | 'not-allocated'
