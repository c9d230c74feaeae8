import {
  AdditionalAddressFamily,
  EvenPort,
  Lifetime,
  type MessageBuilder,
  MobilityTicket,
  RequestedAddressFamily,
  RequestedTransport,
  ReservationToken,
  TransportProtocol,
} from '@purertc/stun'

import { TurnError } from '../turn-error.ts'
import type { TurnClientConfig } from './config.ts'

/** What an Allocate request asks for, RFC 8656 §7.1. */
export function writeAllocationRequest(
  message: MessageBuilder,
  { port = 'any', reservationToken, transport = 'udp', lifetime, family }: TurnClientConfig,
  isMobile: boolean,
): void {
  message
    .add(RequestedTransport, TransportProtocol[transport])
    .addIf(MobilityTicket, isMobile ? new Uint8Array(0) : undefined)
    .addIf(Lifetime, lifetime)
    .addIf(EvenPort, port === 'any' ? undefined : { reserve: port === 'pair' })
    .addIf(ReservationToken, reservationToken)
    .addIf(AdditionalAddressFamily, family === 'both' ? 'IPv6' : undefined)
    // IPv4 is what a server gives anyway (RFC 8656 §7.2), and older ones do not know the attribute.
    .addIf(RequestedAddressFamily, family === 'IPv6' ? 'IPv6' : undefined)
}

/** RFC 8656 §7.1: a token names the port and its family, so that neither can be asked for. */
export function checkPort({ port = 'any', family, reservationToken }: TurnClientConfig): void {
  if (reservationToken === undefined) return
  if (port !== 'any' || family !== undefined || reservationToken.length !== 8)
    throw new TurnError('invalid-config', 'a reservation token of 8 bytes goes without port and family')
}
