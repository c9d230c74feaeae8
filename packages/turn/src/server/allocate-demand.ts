import { copyBytes } from '@purertc/bytes'
import {
  EvenPort,
  type IpFamily,
  Lifetime,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  AdditionalAddressFamily,
  StatusCode,
  type StunMessage,
  TransportProtocol,
} from '@purertc/stun'

/** What an Allocate request asks for. */
export interface AllocateDemand {
  readonly family: IpFamily
  /** Of a second relayed address, beside one of IPv4 (RFC 8656 §18.11). */
  readonly additional: 'IPv6' | null
  /** `pair`: even, with its successor reserved (RFC 8656 §18.7). */
  readonly port: 'any' | 'even' | 'pair'
  /** Names the port that an earlier request reserved. */
  readonly reservationToken: Uint8Array | null
  /** Seconds that will be granted. */
  readonly lifetime: number
}

export interface LifetimeLimits {
  readonly defaultLifetime: number
  readonly maxLifetime: number
}

/**
 * Reads an Allocate request as RFC 8656 §7.2 checks it: the demand, or the code of the refusal. `families` are those
 * that the server has.
 */
export function readAllocateDemand(
  request: StunMessage,
  families: readonly IpFamily[],
  limits: LifetimeLimits,
): AllocateDemand | StatusCode {
  const transport = request.get(RequestedTransport)
  if (transport === undefined) return StatusCode.badRequest
  if (transport !== TransportProtocol.udp) return StatusCode.unsupportedTransportProtocol
  const hasToken = request.has(ReservationToken)
  const hasFamily = request.has(RequestedAddressFamily)
  if (hasToken && (hasFamily || request.has(EvenPort))) return StatusCode.badRequest
  const evenPort = request.get(EvenPort)
  const additional = request.has(AdditionalAddressFamily) ? request.get(AdditionalAddressFamily) : null
  if (additional !== null && (additional !== 'IPv6' || hasFamily || hasToken || evenPort?.reserve === true))
    return StatusCode.badRequest
  for (const codec of [EvenPort, ReservationToken, Lifetime])
    if (request.isMalformed(codec)) return StatusCode.badRequest
  const family = hasFamily ? request.get(RequestedAddressFamily) : 'IPv4'
  // A family that the attribute cannot name is one that we do not have; a token brings its own.
  if (family === undefined || (!hasToken && !families.includes(family)))
    return StatusCode.addressFamilyNotSupported
  return {
    family,
    additional,
    port: evenPort === undefined ? 'any' : evenPort.reserve ? 'pair' : 'even',
    reservationToken: copyOf(request.get(ReservationToken)),
    lifetime: grantLifetime(request.get(Lifetime), limits),
  }
}

/** RFC 8656 §7.2: never less than the default, never more than the maximum. */
export function grantLifetime(asked: number | undefined, limits: LifetimeLimits): number {
  return Math.min(Math.max(asked ?? 0, limits.defaultLifetime), limits.maxLifetime)
}

const copyOf = (token: Uint8Array | undefined): Uint8Array | null =>
  token === undefined ? null : copyBytes(token)
