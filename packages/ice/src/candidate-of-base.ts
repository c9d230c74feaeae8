import type { TransportAddress } from '@purertc/stun'

import { type Base, SocketBase } from './base.ts'
import type { CandidateType, IceCandidate } from './candidate.ts'
import type { Foundations } from './foundation.ts'
import { candidatePriority, distinctPriority, relayPriority, tcpPriority } from './priority.ts'
import { type IceServerAddress, isStream, type RelayProtocol } from './server-address.ts'

/** Where a candidate was found, RFC 8445 §5.1.1. */
export interface CandidateOrigin {
  readonly base: Base
  readonly type: CandidateType
  readonly address: TransportAddress
  readonly related: TransportAddress | undefined
  /** That it was obtained from, and its position among those of its kind. */
  readonly server: IceServerAddress | null
  readonly serverIndex: number
}

/** The candidate as the peer is to know it, RFC 8445 §5.1.1.3 and §5.1.2. `isTaken`: another one has that priority. */
export function candidateOf(
  origin: CandidateOrigin,
  foundations: Foundations,
  isTaken: (priority: number) => boolean,
): IceCandidate {
  const { base, type, address, related, server } = origin
  const relayProtocol = server?.kind === 'turn' && type === 'relay' ? (server.transport ?? 'udp') : undefined
  return {
    foundation: foundations.of(type, base, foundationServer(server)),
    component: 1,
    ...(base.tcpType === undefined ? { transport: 'udp' } : { transport: 'tcp', tcpType: base.tcpType }),
    priority: distinctPriority(priorityOf(origin, relayProtocol), isTaken),
    address: (type === 'host' && base instanceof SocketBase ? base.name : undefined) ?? address.address,
    port: address.port,
    type,
    ...relatedOf(base, related),
    ...(relayProtocol && { relayProtocol }),
    ...(server?.url !== undefined && { url: server.url }),
  }
}

/** RFC 8839 §5.1: what stands for an address that is not to be known. */
export function anyAddress({ family }: TransportAddress): TransportAddress {
  return { family, address: family === 'IPv4' ? '0.0.0.0' : '::', port: DISCARD_PORT }
}

function priorityOf(
  { type, base: { tcpType, preference }, serverIndex }: CandidateOrigin,
  relayProtocol: RelayProtocol | undefined,
): number {
  if (relayProtocol !== undefined) return relayPriority(relayProtocol, preference)
  if (tcpType !== undefined && type !== 'relay') return tcpPriority(type, preference)
  return candidatePriority(type, preference - serverIndex)
}

/** Whoever hides a host address behind a name must not tell it here. */
function relatedOf(
  base: Base,
  related: TransportAddress | undefined,
): Pick<IceCandidate, 'relatedAddress' | 'relatedPort'> {
  if (related === undefined) return {}
  const isHidden = base instanceof SocketBase && base.name !== undefined
  const { address, port } = isHidden ? anyAddress(related) : related
  return { relatedAddress: address, relatedPort: port }
}

/** RFC 8445 §5.1.1.3 tells servers apart by address; relays also by how they are reached. */
function foundationServer(server: IceServerAddress | null): string {
  if (server === null) return ''
  const { address } = server.address
  return server.kind === 'turn' && isStream(server) ? `${address} ${server.transport}` : address
}

const DISCARD_PORT = 9
