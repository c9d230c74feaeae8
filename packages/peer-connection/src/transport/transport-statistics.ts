import type { AssociationState, Discard as DtlsDiscard, DtlsSession } from '@purertc/dtls'
import type {
  CandidatePair,
  Discarded as IceDiscard,
  DtlsInStunStatistics,
  IceAgent,
  IceCandidate,
  IceConnectionState,
  IceCredentials,
  IceRole,
  IceStatistics,
} from '@purertc/ice'
import type { Abandoned, ChannelDiscard, DataChannels, Discard as SctpDiscard } from '@purertc/sctp'

/** Why a transport dropped something, on top of what its layers drop. */
export type TransportDiscard = 'not-dtls' | 'too-early' | 'unusable-candidate'

/** What a transport is doing and has done; a copy. */
export interface TransportStatistics {
  readonly ice: IceStatistics & {
    readonly state: IceConnectionState
    readonly role: IceRole
    readonly credentials: IceCredentials
    readonly candidates: readonly IceCandidate[]
    /** The check list, best first. */
    readonly pairs: readonly CandidatePair[]
    /** The pair that data goes over. */
    readonly active: CandidatePair | null
    /** Of the handshake within checks; null where it is not wanted. */
    readonly dtlsInStun: DtlsInStunStatistics | null
  }
  readonly dtls: {
    readonly state: AssociationState
    readonly role: 'client' | 'server' | null
    readonly session: DtlsSession | null
  }
  readonly sctp: {
    /** Milliseconds. */
    readonly roundTripTime: number | undefined
    /** Bytes. */
    readonly congestionWindow: number
    /** Of the largest SCTP packet that is sent. */
    readonly packetSize: number
    readonly receiveBuffered: number
    /** Streams, and so channels, that may be used. */
    readonly outboundStreams: number
    /** Whether messages are interleaved, RFC 8260. */
    readonly isInterleaving: boolean
    /** Messages that partial reliability gave up, RFC 7496 §4.3. */
    readonly abandoned: Abandoned
  } | null
  readonly discarded: {
    readonly transport: Partial<Record<TransportDiscard, number>>
    readonly ice: Partial<Record<IceDiscard, number>>
    readonly dtls: Partial<Record<DtlsDiscard, number>>
    readonly sctp: Partial<Record<SctpDiscard | ChannelDiscard, number>>
  }
}

/** What a transport tells of ICE, but for the handshake within its checks. */
export function iceStatistics(ice: IceAgent): Omit<TransportStatistics['ice'], 'dtlsInStun'> {
  const { state, role, pairs, localCredentials: credentials, localCandidates: candidates } = ice
  return { ...ice.stats, state, role, credentials, candidates, pairs, active: ice.activePair }
}

export function sctpStatistics(
  association: DataChannels['association'],
): NonNullable<TransportStatistics['sctp']> {
  const { roundTripTime, congestionWindow, receiveBuffered, outboundStreams, isInterleaving } = association
  const packetSize = association.mtu
  const abandoned = association.abandonedMessages()
  return {
    roundTripTime,
    congestionWindow,
    packetSize,
    receiveBuffered,
    outboundStreams,
    isInterleaving,
    abandoned,
  }
}
