import type { CryptoProvider } from '@purertc/crypto'
import type { AccessTokens, IpFamily, SharedNonces, TransportAddress } from '@purertc/stun'

import { DEFAULT_LIFETIME, MAX_LIFETIME } from '../limits.ts'
import { TurnError } from '../turn-error.ts'
import type { AllocationInfo } from './allocation.ts'
import type { PeerPolicyOptions } from './peer-policy.ts'
import type { PortRange } from './port-pool.ts'
import { type RateLimits, rateMeters } from './rate-limit.ts'

export interface TurnServerConfig extends PeerPolicyOptions {
  readonly crypto: CryptoProvider
  /** The realm that clients are told, a domain name of the operator's. */
  readonly realm: string
  /**
   * The password of a user, `null` for nobody of ours; `undefined` has the host look it up, see
   * {@link TurnServerHost.lookUpPassword}. There is no way to serve users without one.
   */
  readonly authenticate: (username: string, realm: string) => Passwords | undefined
  /** Takes users of an authorization server besides (RFC 7635). */
  readonly accessTokens?: AccessTokens
  /** Whom a name counts for where quotas and limits are concerned. Default: the name itself. */
  readonly account?: (username: string) => string
  /** Seconds until a nonce is stale (438). Default 600. */
  readonly nonceLifetime?: number
  /** Default: nonces are this server's own, and stale for any other. */
  readonly nonces?: SharedNonces
  /** Families of the relayed addresses that the host can open. Default `['IPv4']`. */
  readonly families?: readonly IpFamily[]
  /** Ports of relayed addresses. Default 49152 to 65535. */
  readonly portRange?: PortRange
  /** Seconds that an allocation lives where the client asks for less or for nothing. Default 600. */
  readonly defaultLifetime?: number
  /** Seconds that a client gets at most. Default 3600. */
  readonly maxLifetime?: number
  /** Allocations that one user may hold at a time (486). Default 100. */
  readonly allocationsPerUser?: number
  /** Allocations of all users together (508). Default: as many as there are ports. */
  readonly maxAllocations?: number
  /** Data that each user may have relayed, over all allocations; the rest is dropped. Default: no limits. */
  readonly userLimits?: RateLimits | ((account: string) => RateLimits | undefined)
  /** Data that is relayed for all users together; the rest is dropped. Default: no limits. */
  readonly totalLimits?: RateLimits
  /** Peer addresses that one allocation may let in at a time (508). Default 256. */
  readonly permissionsPerAllocation?: number
  /** Whether a peer may be reached (403). Replaces the default policy, and the two options that widen it. */
  readonly allowPeer?: (address: string) => boolean
  /** Whether to accept channels 0x5000 to 0x7ffe too, for clients of RFC 5766. Default false. */
  readonly legacyChannels?: boolean
  /** Whether clients may take their allocations along to other addresses (RFC 8016); else 405. Default true. */
  readonly mobility?: boolean
  /** Whether there are TCP allocations (RFC 6062), with a host that can connect to peers; else 442. Default true. */
  readonly tcpAllocations?: boolean
  /** TCP connections with peers that one allocation may have at a time (508). Default 64. */
  readonly connectionsPerAllocation?: number
  /** SOFTWARE of our responses. Default: none. */
  readonly software?: string
  /** A veto over an allocation that the user is entitled to: false answers 403. */
  readonly beforeAllocate?: (request: AllocateRequest) => boolean
  /** A veto over one datagram: false drops it. Runs for every datagram, so it should be quick. */
  readonly beforeRelay?: (relaying: Relaying, data: Uint8Array) => boolean
}

/** A user's password, several where one is being replaced; `null` for nobody of ours. */
export type Passwords = string | readonly string[] | null

export interface AllocateRequest {
  /** Number of the listener that the client uses. */
  readonly listener: number
  readonly client: TransportAddress
  readonly username: string
  readonly family: IpFamily
  readonly transport: 'udp' | 'tcp'
  /** Seconds that will be granted. */
  readonly lifetime: number
}

export interface Relaying {
  readonly allocation: AllocationInfo
  readonly peer: TransportAddress
  readonly direction: 'to-peer' | 'to-client'
}

/**
 * What a server asks of its host and tells it. Listeners, which clients talk to, are numbered by the host; relays, which
 * peers talk to, by the server. Bytes are borrowed until the call returns.
 */
export interface TurnServerHost {
  /** Sends from a listener to a client. */
  transmit(listener: number, client: TransportAddress, bytes: Uint8Array): void
  /** Sends from a relay to a peer. */
  relay(relay: number, peer: TransportAddress, bytes: Uint8Array): void
  /**
   * Opens a socket on that port, and answers, at once or later, with `relayOpened` or `relayFailed`. `tcp` is asked for
   * where there is `connectPeer` alone: peers then connect to that port (`peerArrived`).
   */
  openRelay(relay: number, family: IpFamily, port: number, transport: 'udp' | 'tcp'): void
  /** Closes what `openRelay` opened, or is still opening. */
  closeRelay(relay: number): void
  /** Whether clients have a connection there, TCP or TLS. Default false. */
  isStream?(listener: number): boolean
  /** RFC 6062: connects from a relay to a peer, and answers with `peerConnected` or `peerEnded`. Nothing is read yet. */
  connectPeer?(connection: number, relay: number, peer: TransportAddress): void
  /** RFC 6062: closes a connection with a peer, and what it is joined to. */
  closePeer?(connection: number): void
  /** RFC 6062: joins a client's connection, which is that of its ConnectionBind, to a peer's: data passes between them. */
  joinPeer?(connection: number, listener: number, client: TransportAddress): void
  /** The client is about to be told that it has an allocation: what it sends from now on must come here. */
  pin?(listener: number, client: TransportAddress): void
  /**
   * Where several servers have the same users: asks whether the account may have one more allocation over all of them.
   * To be answered with `placeClaimed`, at once or later; no relay is opened before. `place` is a number of this
   * server's.
   */
  claimPlace?(place: number, account: string): void
  /** What was claimed is over, granted or not, answered or not. */
  releasePlace?(place: number): void
  /**
   * Looks up the password of a user whom `authenticate` left open, and hands it to `passwordFound`, at once or within ten
   * seconds. Called once for however many requests of that user wait, none of them from a forged address.
   */
  lookUpPassword?(username: string, realm: string): void
  /** A datagram was dropped: where it came from, its length, and the allocation that it was for, if it had one. */
  discarded?(
    reason: TurnServerDiscard,
    from: TransportAddress,
    length: number,
    allocation: AllocationInfo | null,
  ): void
  allocationCreated?(allocation: AllocationInfo): void
  allocationDeleted?(allocation: AllocationInfo, reason: DeletionReason): void
}

/**
 * - `released`, `expired`: the client gave it back, or its lifetime ended.
 * - `disconnected`: the connection that it was made over has ended.
 * - `closed`: the operator ended it, the listener, or the server.
 */
export type DeletionReason = 'released' | 'expired' | 'disconnected' | 'closed'

/**
 * Why a datagram was dropped.
 *
 * - `malformed`: neither STUN nor ChannelData, or not by its format.
 * - `unexpected`: well-formed, and not for a server: responses, indications and methods that none expects.
 * - `no-allocation`: data from a client that has no allocation, or to a relay that is none.
 * - `no-permission`: data to or from a peer that the client has no permission for.
 * - `no-channel`: ChannelData on a number that is not bound.
 * - `vetoed`: by `beforeRelay`.
 * - `over-limit`: beyond the user's or the server's rate.
 * - `busy`: a request whose user was to be looked up when too many waited for that.
 * - `too-large`: data that does not fit a datagram with its header.
 */
export type TurnServerDiscard =
  | 'malformed'
  | 'unexpected'
  | 'no-allocation'
  | 'no-permission'
  | 'no-channel'
  | 'vetoed'
  | 'too-large'
  | 'over-limit'
  | 'busy'

/** Throws {@link TurnError} `invalid-config`. */
export function checkConfig(config: TurnServerConfig): void {
  const { defaultLifetime = DEFAULT_LIFETIME, maxLifetime = MAX_LIFETIME, families = ['IPv4'] } = config
  const isWhole = [defaultLifetime, maxLifetime].every((value) => Number.isInteger(value) && value > 0)
  if (!isWhole || defaultLifetime > maxLifetime)
    throw new TurnError('invalid-config', `lifetimes from ${defaultLifetime} to ${maxLifetime} seconds`)
  if (families.length === 0) throw new TurnError('invalid-config', 'no family of relayed addresses')
  rateMeters(config.totalLimits)
  if (typeof config.userLimits === 'object') rateMeters(config.userLimits)
  for (const name of LIMITS)
    if (!((config[name] ?? 0) >= 0)) throw new TurnError('invalid-config', `${name}: ${String(config[name])}`)
}

const LIMITS = [
  'allocationsPerUser',
  'maxAllocations',
  'permissionsPerAllocation',
  'connectionsPerAllocation',
] as const
