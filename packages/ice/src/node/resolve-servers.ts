import { lookup } from 'node:dns/promises'

import { isIpAddress, type TransportAddress } from '@purertc/stun'

import { IceError } from '../ice-error.ts'
import type { IceServerAddress, TurnServerAddress } from '../server-address.ts'
import { parseServerUrl, type ServerUrl } from '../server-url.ts'

/** As in the W3C's RTCIceServer. */
export interface IceServer {
  readonly urls: string | readonly string[]
  /** Needed for `turn:`. */
  readonly username?: string
  readonly credential?: string
}

/** Throws {@link IceError} `invalid-url` for what is no server's URI, and for TURN without credentials. */
export function checkServers(servers: readonly IceServer[]): void {
  for (const { urls, username, credential } of servers)
    for (const url of [urls].flat())
      if (parseServerUrl(url).kind === 'turn' && (username === undefined || credential === undefined))
        throw new IceError('invalid-url', `${url} needs a username and a credential`)
}

/**
 * The addresses of STUN and TURN servers, one of each family for a name that has both. A server that this agent cannot
 * use, because its name is unknown or because it is to be reached over DTLS, or is a STUN server over TCP or TLS, is
 * reported to `unusable` and left out. Rejects as {@link checkServers} throws.
 */
export async function resolveServers(
  servers: readonly IceServer[],
  unusable: (url: string, reason: Error) => void,
): Promise<IceServerAddress[]> {
  checkServers(servers)
  const resolved = servers.flatMap(({ urls, username = '', credential: password = '' }) =>
    [urls].flat().map(async (url) => {
      const parsed = parseServerUrl(url)
      try {
        const addresses = await addressesOf(parsed)
        return addresses.map((address): IceServerAddress =>
          parsed.kind === 'stun'
            ? { kind: 'stun', address, url }
            : { kind: 'turn', address, url, username, password, ...wayTo(parsed) },
        )
      } catch (error) {
        unusable(url, error instanceof Error ? error : new Error(String(error)))
        return []
      }
    }),
  )
  return (await Promise.all(resolved)).flat()
}

function wayTo({ host, transport, isSecure }: ServerUrl): Pick<TurnServerAddress, 'transport' | 'hostname'> {
  if (transport === 'udp') return {}
  return isSecure ? { transport: 'tls', hostname: host } : { transport: 'tcp' }
}

async function addressesOf({
  kind,
  host,
  port,
  transport,
  isSecure,
}: ServerUrl): Promise<TransportAddress[]> {
  if (kind === 'stun' && transport !== 'udp')
    throw new IceError('unsupported-server', 'what a STUN server sees of a connection is no candidate')
  if (transport === 'udp' && isSecure)
    throw new IceError('unsupported-server', 'servers are not reached over DTLS')
  const literal = isIpAddress(host)
  if (literal !== null) return [{ family: literal, address: host, port }]
  const found = await lookup(host, { all: true })
  const addresses: TransportAddress[] = []
  for (const { family, address } of found) {
    const name = family === 6 ? 'IPv6' : 'IPv4'
    if (!addresses.some((other) => other.family === name)) addresses.push({ family: name, address, port })
  }
  return addresses
}
