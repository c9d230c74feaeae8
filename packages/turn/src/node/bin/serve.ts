import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'

import { isIpAddress, type TransportAddress, transportAddress } from '@purertc/stun'

import type { ListeningAddress } from '../listener.ts'
import type { ListenAddress } from '../options.ts'
import type { ProcessShare } from '../processes/process-share.ts'
import { createTurnServer } from '../create-server.ts'
import type { NodeTurnServer } from '../server.ts'
import { logEvents } from './event-log.ts'
import { relayAddressesFor } from './own-addresses.ts'
import { peerFilter, type Settings } from './settings.ts'

/** One of several processes: its share in the work, and where those listen that were there before it. */
export interface Member {
  readonly share: ProcessShare
  readonly addresses: readonly ListeningAddress[] | null
}

/** Starts the server that the settings describe. */
export async function serve(settings: Settings, member?: Member): Promise<NodeTurnServer> {
  const { cert, key, userRate, totalRate, advertisedAddress, secret } = settings
  const users = new Map((settings.user ?? []).map(({ name, password }) => [name, password]))
  const server = await createTurnServer({
    listen: member === undefined ? listenAddresses(settings) : sharedAddresses(settings, member),
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: readFileSync(cert), key: readFileSync(key) } }),
    realm: settings.realm,
    authenticate: users,
    ...(secret === undefined ? {} : { sharedSecret: secret }),
    relayAddress: relayAddressesOf(settings),
    ...(advertisedAddress === undefined ? {} : { advertisedAddress }),
    portRange: settings.relayPorts,
    allocationsPerUser: settings.allocationsPerUser,
    maxAllocations: settings.maxAllocations,
    maxLifetime: settings.maxLifetime,
    defaultLifetime: Math.min(600, settings.maxLifetime),
    ...(userRate === undefined ? {} : { userLimits: { bytesPerSecond: userRate } }),
    ...(totalRate === undefined ? {} : { totalLimits: { bytesPerSecond: totalRate } }),
    allowPeer: peerFilter(settings),
    legacyChannels: settings.legacyChannels === true,
    ...(member && { share: member.share }),
  })
  if (settings.log === true)
    logEvents(
      server,
      (line) => process.stdout.write(line),
      () => new Date(),
    )
  return server
}

/** Where relays are opened. */
export function relayAddressesOf({ address, relayAddress, advertisedAddress }: Settings): readonly string[] {
  if (relayAddress !== undefined) return relayAddress
  return advertisedAddress === undefined ? relayAddressesFor(address, networkInterfaces()) : address
}

/** Where new clients are sent while this server drains. */
export function alternatesOf({ alternate = [] }: Settings): TransportAddress[] {
  return alternate.flatMap((text) => {
    const [, ipv6, ipv4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? []
    const address = ipv6 ?? ipv4 ?? ''
    return isIpAddress(address) === null ? [] : [transportAddress(address, Number(port))]
  })
}

function listenAddresses({ address: addresses, port, tlsPort, tcp, cert }: Settings): ListenAddress[] {
  return addresses.flatMap((address): ListenAddress[] => [
    { address, port, transport: 'udp' },
    ...(tcp ? [{ address, port, transport: 'tcp' } as const] : []),
    ...(tcp && cert !== undefined ? [{ address, port: tlsPort, transport: 'tls' } as const] : []),
    ...(cert !== undefined ? [{ address, port: tlsPort, transport: 'dtls' } as const] : []),
  ])
}

/** Which port 0 stands for, the cluster knows by itself; where sockets are bound apart, the former ones say it. */
function sharedAddresses(settings: Settings, { share, addresses }: Member): ListenAddress[] {
  return listenAddresses(settings).map((at, i) => {
    const isDatagram = at.transport === 'udp' || at.transport === 'dtls'
    const port = addresses?.[i]?.port
    return share.sharing === 'reuse-port' && isDatagram && port !== undefined ? { ...at, port } : at
  })
}
