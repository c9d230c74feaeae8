import { copyBytes } from '@purertc/bytes'
import {
  type AuthenticatedMessage,
  formatAddress,
  Lifetime,
  MobilityTicket,
  ReservationToken,
  type TransportAddress,
  XorMappedAddress,
  XorRelayedAddress,
} from '@purertc/stun'

import { TurnError } from '../turn-error.ts'
import type { TurnClientConfig } from './config.ts'

/** What a server has allocated, RFC 8656 §7.3. */
export interface AllocationAnswer {
  readonly relayed: TransportAddress
  /** The second address, of `family: 'both'`. */
  readonly additional: TransportAddress | null
  readonly mapped: TransportAddress
  /** Seconds. */
  readonly lifetime: number
  readonly reservationToken: Uint8Array | null
  /** RFC 8016: null where the server does not let clients move. */
  readonly ticket: Uint8Array | null
}

/** Reads an Allocate success response; a {@link TurnError} where it is not what was asked for. */
export function readAllocationAnswer(
  response: AuthenticatedMessage,
  config: TurnClientConfig,
): AllocationAnswer | TurnError {
  const given = response.getAll(XorRelayedAddress)
  // The order of two is the server's choice.
  const relayed = given.find((address) => isWhatWasAsked(address, config)) ?? given[0]
  const mapped = response.get(XorMappedAddress)
  const lifetime = response.get(Lifetime) ?? 0
  if (relayed === undefined || mapped === undefined || lifetime === 0)
    return new TurnError('malformed', 'an Allocate success response without its addresses or lifetime')
  const isEitherDone = config.family === 'both' && relayed.family === 'IPv6'
  if (!isEitherDone && !isWhatWasAsked(relayed, config))
    return new TurnError('malformed', `asked for another address than ${formatAddress(relayed)}`)
  const others = config.family === 'both' ? given.filter((address) => address !== relayed) : []
  return {
    relayed,
    additional: others.find(({ family }) => family === 'IPv6') ?? null,
    mapped,
    lifetime,
    reservationToken: copyOf(response.get(ReservationToken)),
    ticket: copyOf(response.get(MobilityTicket)),
  }
}

function isWhatWasAsked(relayed: TransportAddress, config: TurnClientConfig): boolean {
  const { family = 'IPv4', port = 'any', reservationToken } = config
  if (reservationToken !== undefined) return true
  return (
    relayed.family === (family === 'both' ? 'IPv4' : family) && (port === 'any' || relayed.port % 2 === 0)
  )
}

const copyOf = (bytes: Uint8Array | undefined): Uint8Array | null =>
  bytes === undefined || bytes.length === 0 ? null : copyBytes(bytes)
