import type { Millis } from '@purertc/bytes'
import type { IntegrityAlgorithm, TransportAddress } from '@purertc/stun'

import type { AllocateDemand, FamilyRefusal } from './allocate-demand.ts'
import type { Mobility } from './mobility.ts'
import type { PeerTable } from './peer-table.ts'
import type { RateMeters } from './rate-limit.ts'
import type { PortClaim } from './relay-ports.ts'

/** Datagrams and bytes of application data that were relayed. */
export interface Traffic {
  datagrams: number
  bytes: number
}

/** What the operator may know of an allocation. */
export interface AllocationInfo {
  /** The number of its relay. */
  readonly relay: number
  readonly username: string
  /** What peers are reached by. */
  readonly transport: 'udp' | 'tcp'
  /** The listener that the client uses and the client's address there: the 5-tuple. */
  readonly listener: number
  readonly client: TransportAddress
  /** As the client is told it. */
  readonly relayed: TransportAddress
  /** The relayed address of the other family that the client asked for, `null` without one. */
  readonly additional: { readonly relay: number; readonly relayed: TransportAddress } | null
  readonly expiresAt: Millis
  readonly toPeers: Readonly<Traffic>
  readonly toClient: Readonly<Traffic>
}

/** A request as far as its answer depends on it: kept while a relay is being opened, and to know it again. */
export interface Signer {
  readonly method: number
  readonly transactionId: Uint8Array
  readonly key: Uint8Array
  readonly integrity: IntegrityAlgorithm
  /** Whether the request had a FINGERPRINT, so that its answer has one. */
  readonly fingerprint: boolean
}

/** Who asks for an allocation. */
export interface Applicant {
  readonly listener: number
  readonly client: TransportAddress
  readonly username: string
  /** The Allocate request. */
  readonly request: Signer
}

/** What will be an allocation once its relay is open. */
export interface Opening extends Applicant {
  /** The number of its first relay: by it the host knows the place that it takes, to the end of the allocation. */
  readonly place: number
  /** These change where the first of two families cannot be had, and the other one is taken for it. */
  relay: number
  demand: AllocateDemand
  /** Changes where the port turns out to be taken by another program. */
  claim: PortClaim
  tries: number
  /** Set once the first relay is open and another one is wanted. */
  relayed: TransportAddress | null
  second: { readonly relay: number; readonly claim: PortClaim; readonly tries: number } | null
}

/** The second relay of an allocation, of the other family. */
export interface AdditionalRelay {
  readonly relay: number
  readonly relayed: TransportAddress
  readonly claim: PortClaim
}

/** An allocation, RFC 8656 §7. */
export interface Allocation extends Applicant, AllocationInfo {
  readonly place: number
  /** These two change where a mobile client has another address (RFC 8016). */
  listener: number
  client: TransportAddress
  readonly mobility: Mobility | null
  /** These three change where the client gives the first of two relays back. */
  relay: number
  relayed: TransportAddress
  claim: PortClaim
  additional: AdditionalRelay | null
  /** The family that was asked for in vain beside the one that there is. */
  readonly refused: FamilyRefusal | null
  /** Whether its client counts attributes as the drafts of RFC 8656 did. */
  readonly isDraft: boolean
  readonly peers: PeerTable
  readonly toPeers: Traffic
  readonly toClient: Traffic
  /** The user's, over all allocations. */
  readonly meters: RateMeters | null
  expiresAt: Millis
}

/** What outlives the datagram has bytes of its own. */
export function keepApplicant({ listener, client, username, request }: Applicant): Applicant {
  const { family, address, port } = client
  return {
    listener,
    client: { family, address, port },
    username,
    request: { ...request, transactionId: Uint8Array.from(request.transactionId) },
  }
}
