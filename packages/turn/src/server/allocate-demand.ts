import { copyBytes } from '@purertc/bytes'
import {
  AdditionalAddressFamily,
  DontFragment,
  EvenPort,
  type IpFamily,
  Lifetime,
  MobilityTicket,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  StatusCode,
  type StunMessage,
  TransportProtocol,
} from '@purertc/stun'

import { DraftAdditionalAddressFamily } from './draft-attributes.ts'

/** What an Allocate request asks for. */
export interface AllocateDemand {
  /** Between server and peers: TCP by RFC 6062. */
  readonly transport: 'udp' | 'tcp'
  readonly family: IpFamily
  /** Of a second relayed address, beside one of IPv4 (RFC 8656 §18.11). */
  readonly additional: 'IPv6' | null
  /** A family that was asked for beside this one, and cannot be had. */
  readonly refused: FamilyRefusal | null
  /** Whether the client counts attributes as the drafts of RFC 8656 did. */
  readonly isDraft: boolean
  /** `pair`: even, with its successor reserved (RFC 8656 §18.7). */
  readonly port: 'any' | 'even' | 'pair'
  /** Names the port that an earlier request reserved. */
  readonly reservationToken: Uint8Array | null
  /** Whether the allocation shall follow its client from address to address (RFC 8016). */
  readonly isMobile: boolean
  /** Seconds that will be granted. */
  readonly lifetime: number
}

/** ADDRESS-ERROR-CODE, RFC 8656 §18.12. */
export interface FamilyRefusal {
  readonly family: IpFamily
  readonly code: StatusCode
}

export interface LifetimeLimits {
  readonly defaultLifetime: number
  readonly maxLifetime: number
}

/** What the server has on offer. */
export interface AllocateOffer extends LifetimeLimits {
  readonly families: readonly IpFamily[]
  /** Whether TCP allocations can be had; only over TCP and TLS (RFC 6062 §5.1). */
  readonly tcp: boolean
  /** Whether allocations may be mobile. */
  readonly mobility: boolean
}

/**
 * Reads an Allocate request as RFC 8656 §7.2 checks it: the demand, or the code of the refusal. `isStream` tells whether it
 * came over TCP or TLS.
 */
export function readAllocateDemand(
  request: StunMessage,
  offer: AllocateOffer,
  isStream: boolean,
): AllocateDemand | StatusCode {
  const transport = readTransport(request, offer, isStream)
  if (typeof transport === 'number') return transport
  for (const codec of [EvenPort, ReservationToken, Lifetime])
    if (request.isMalformed(codec)) return StatusCode.badRequest
  const families = readFamilies(request, offer.families)
  if (typeof families === 'number') return families
  const evenPort = request.get(EvenPort)
  const ticket = request.get(MobilityTicket)
  // RFC 8016 §3.1: an empty ticket asks for one.
  if (ticket !== undefined && ticket.length > 0) return StatusCode.badRequest
  if (ticket !== undefined && !offer.mobility) return StatusCode.mobilityForbidden
  return {
    transport,
    ...families,
    isDraft: request.has(DraftAdditionalAddressFamily),
    port: evenPort === undefined ? 'any' : evenPort.reserve ? 'pair' : 'even',
    reservationToken: copyOf(request.get(ReservationToken)),
    isMobile: ticket !== undefined,
    lifetime: grantLifetime(request.get(Lifetime), offer),
  }
}

/** RFC 8656 §7.2: never less than the default, never more than the maximum. */
export function grantLifetime(asked: number | undefined, limits: LifetimeLimits): number {
  return Math.min(Math.max(asked ?? 0, limits.defaultLifetime), limits.maxLifetime)
}

function readTransport(
  request: StunMessage,
  offer: AllocateOffer,
  isStream: boolean,
): 'udp' | 'tcp' | StatusCode {
  const transport = request.get(RequestedTransport)
  if (transport === undefined) return StatusCode.badRequest
  if (transport === TransportProtocol.udp) return 'udp'
  if (transport !== TransportProtocol.tcp || !offer.tcp) return StatusCode.unsupportedTransportProtocol
  // RFC 6062 §5.1: not over UDP, and without what is about datagrams.
  const hasDatagramOptions = [EvenPort, ReservationToken, DontFragment].some((codec) => request.has(codec))
  return isStream && !hasDatagramOptions ? 'tcp' : StatusCode.badRequest
}

function readFamilies(
  request: StunMessage,
  offered: readonly IpFamily[],
): Pick<AllocateDemand, 'family' | 'additional' | 'refused'> | StatusCode {
  const hasToken = request.has(ReservationToken)
  const hasFamily = request.has(RequestedAddressFamily)
  const evenPort = request.get(EvenPort)
  if (hasToken && (hasFamily || evenPort !== undefined)) return StatusCode.badRequest
  const codec = [AdditionalAddressFamily, DraftAdditionalAddressFamily].find((one) => request.has(one))
  if (codec !== undefined) {
    const isAllowed = request.get(codec) === 'IPv6' && !hasFamily && !hasToken && evenPort?.reserve !== true
    return isAllowed ? bothFamilies(offered) : StatusCode.badRequest
  }
  const family = hasFamily ? request.get(RequestedAddressFamily) : 'IPv4'
  // A family that the attribute cannot name is one that we do not have; a token brings its own.
  if (family === undefined || (!hasToken && !offered.includes(family)))
    return StatusCode.addressFamilyNotSupported
  return { family, additional: null, refused: null }
}

/** RFC 8656 §7.2: one of two relayed addresses is better than none. */
function bothFamilies(
  offered: readonly IpFamily[],
): Pick<AllocateDemand, 'family' | 'additional' | 'refused'> {
  const code = StatusCode.addressFamilyNotSupported
  if (!offered.includes('IPv4'))
    return { family: 'IPv6', additional: null, refused: { family: 'IPv4', code } }
  if (!offered.includes('IPv6'))
    return { family: 'IPv4', additional: null, refused: { family: 'IPv6', code } }
  return { family: 'IPv4', additional: 'IPv6', refused: null }
}

const copyOf = (token: Uint8Array | undefined): Uint8Array | null =>
  token === undefined ? null : copyBytes(token)
