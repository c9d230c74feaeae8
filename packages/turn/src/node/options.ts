import type { TlsOptions } from 'node:tls'

import type { CryptoProvider } from '@purertc/crypto'
import { type IpFamily, isIpAddress, transportAddress } from '@purertc/stun'

import type { TurnServerConfig } from '../server/config.ts'
import { DEFAULT_PORT_RANGE } from '../server/port-pool.ts'
import { TurnError } from '../turn-error.ts'
import type { ListeningAddress } from './listener.ts'
import type { ProcessShare } from './processes/process-share.ts'
import type { StreamLimits } from './stream-listener.ts'
import type { UserOptions } from './users.ts'

export interface ListenAddress {
  /** An IP address; `0.0.0.0` and `::` stand for all of their family. */
  readonly address: string
  /** Default 3478, for TLS and DTLS 5349. Port 0 takes a free one. */
  readonly port?: number
  /** Default `udp`. */
  readonly transport?: 'udp' | 'tcp' | 'tls' | 'dtls'
}

export interface NodeTurnServerOptions
  extends Omit<TurnServerConfig, 'crypto' | 'families' | 'authenticate'>, UserOptions {
  /** Where clients come in. Default: UDP port 3478 on all IPv4 addresses. */
  readonly listen?: readonly ListenAddress[]
  /**
   * Certificate (`cert`), `key` and whatever else `tls.createServer` takes: what listening on `tls` needs, and of which
   * `dtls` takes these two, in PEM.
   */
  readonly tls?: TlsOptions
  /** What TCP, TLS and DTLS ports take from strangers. */
  readonly connections?: StreamLimits
  /**
   * The local IP addresses that relays are opened on, one for each family that shall be relayed. Default: those of
   * `listen`.
   */
  readonly relayAddress?: string | readonly string[]
  /**
   * The addresses by which peers reach those relays, where they are others: a server behind a one-to-one NAT, or one
   * that relays on `0.0.0.0`. Each takes the place of the relay address of its family.
   */
  readonly advertisedAddress?: string | readonly string[]
  /** For a server that is one of several on the same ports, in processes of their own: see `purertc-turn`. */
  readonly share?: ProcessShare
  readonly crypto?: CryptoProvider
}

/** Where relays of one family are opened, and what clients are told. */
export interface RelayPlace {
  readonly local: string
  readonly advertised: string
}

export function listenAddresses(options: NodeTurnServerOptions): readonly ListeningAddress[] {
  const { listen = [{ address: '0.0.0.0' }] } = options
  return listen.map(({ address, port, transport = 'udp' }) => ({
    ...transportAddress(address, port ?? (transport === 'tls' || transport === 'dtls' ? 5349 : 3478)),
    transport,
  }))
}

/**
 * What one of several processes does otherwise: ports of its own, nonces of all. Clients cannot move there (RFC 8016), for
 * the process that they come to need not be the one that knows their ticket.
 */
export function shareConfig({ share, portRange }: NodeTurnServerOptions): Partial<TurnServerConfig> {
  if (share === undefined) return {}
  const { index, count, nonceSecret } = share
  const { min, max } = portRange ?? DEFAULT_PORT_RANGE
  // Even bounds, so that pairs of ports stay within one process.
  const size = Math.floor((max - min + 1) / count) & ~1
  const from = min + (min % 2) + index * size
  if (size < 2) throw new TurnError('invalid-config', `too few ports for ${count} processes`)
  return {
    portRange: { min: from, max: Math.min(from + size - 1, max) },
    nonces: { secret: nonceSecret, clockOffset: performance.timeOrigin },
    mobility: false,
  }
}

/** Throws {@link TurnError} `invalid-config` where clients could not be told an address that peers can send to. */
export function relayPlaces(options: NodeTurnServerOptions): ReadonlyMap<IpFamily, RelayPlace> {
  const locals = options.relayAddress ?? listenAddresses(options).map(({ address }) => address)
  const advertised = byFamily(options.advertisedAddress ?? [])
  const places = new Map<IpFamily, RelayPlace>()
  for (const [family, local] of byFamily(locals)) {
    const place = { local, advertised: advertised.get(family) ?? local }
    if (place.advertised === '0.0.0.0' || place.advertised === '::')
      throw new TurnError(
        'invalid-config',
        `relaying on ${local} takes an advertisedAddress that peers can send to`,
      )
    places.set(family, place)
  }
  return places
}

/** The first address of each family. */
function byFamily(addresses: string | readonly string[]): Map<IpFamily, string> {
  const found = new Map<IpFamily, string>()
  for (const address of typeof addresses === 'string' ? [addresses] : addresses) {
    const family = isIpAddress(address)
    if (family === null) throw new TurnError('invalid-config', `${JSON.stringify(address)} is no IP address`)
    if (!found.has(family)) found.set(family, address)
  }
  return found
}
