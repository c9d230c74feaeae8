import type { CandidateType, TcpType } from './candidate.ts'
import type { RelayProtocol } from './server-address.ts'

/** RFC 8445 §5.1.2.2: a relay costs a detour, so it comes last; what a check discovered beats what a server said. */
export const typePreference: Readonly<Record<CandidateType, number>> = {
  host: 126,
  prflx: 110,
  srflx: 100,
  relay: 0,
}

/**
 * RFC 8445 §5.1.2.1: type preference, then local preference (0 to 65535), then component (256 - 1).
 *
 * @example
 * candidatePriority('host', 65535) // 2130706431, what everybody's first host candidate has
 */
export function candidatePriority(type: CandidateType, localPreference: number): number {
  return typePreference[type] * 2 ** 24 + localPreference * 2 ** 8 + 255
}

/**
 * Of a relayed candidate. A relay that is reached over UDP beats one over TCP, which delays what follows a lost segment,
 * and that one over TLS: type preferences of 2, 1 and 0, as browsers have them.
 */
export function relayPriority(protocol: RelayProtocol, localPreference: number): number {
  return candidatePriority('relay', localPreference) + RELAY_RANK[protocol] * 2 ** 24
}

/**
 * Of a candidate over TCP, RFC 6544 §4.2: below every UDP one of its type and above relays, which are a detour as well;
 * the type preferences are browsers'. `localPreference` is {@link tcpLocalPreference}'s.
 */
export function tcpPriority(type: 'host' | 'srflx' | 'prflx', localPreference: number): number {
  return candidatePriority(type, localPreference) - (typePreference[type] - TCP_PREFERENCE[type]) * 2 ** 24
}

/** RFC 6544 §4.2: three bits for the direction, then what tells bases apart. */
export function tcpLocalPreference(direction: TcpType, baseIndex: number): number {
  return DIRECTION[direction] * 2 ** 13 + Math.max(0, 2 ** 13 - 1 - baseIndex)
}

/** RFC 8445 §6.1.2.3: both agents compute the same number, so that they order their pairs alike. */
export function pairPriority(controlling: number, controlled: number): bigint {
  const min = BigInt(Math.min(controlling, controlled))
  const max = BigInt(Math.max(controlling, controlled))
  return (min << 32n) + 2n * max + (controlling > controlled ? 1n : 0n)
}

/**
 * Local preference of a base, and of what its `serverIndex`th server says of it: earlier sockets are better, and so are
 * earlier servers. {@link distinctPriority} sees to those that this does not tell apart.
 */
export function localPreference(baseIndex: number, serverIndex = 0): number {
  const first = Math.max(LEAST_PREFERENCE, 0xffff - baseIndex * SERVERS_OF_BASE)
  return first - Math.min(serverIndex, SERVERS_OF_BASE - 1)
}

/** `priority`, or the next lower one of its type that is not taken (RFC 8445 §5.1.2: no two candidates share one). */
export function distinctPriority(priority: number, isTaken: (priority: number) => boolean): number {
  let distinct = priority
  while (isTaken(distinct)) distinct -= 2 ** 8
  return distinct
}

/** Servers of one kind that have local preferences between those of two bases. */
const SERVERS_OF_BASE = 64

/** Of a base's first candidate: so many candidates of one type are still told apart. */
const LEAST_PREFERENCE = 4_096

const TCP_PREFERENCE = { host: 90, prflx: 80, srflx: 70 } as const
const DIRECTION: Readonly<Record<TcpType, number>> = { active: 6, passive: 4, so: 2 }
const RELAY_RANK: Readonly<Record<RelayProtocol, number>> = { udp: 2, tcp: 1, tls: 0 }
