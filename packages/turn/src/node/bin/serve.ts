import { readFileSync } from 'node:fs'

import { isIpAddress, type TransportAddress, transportAddress } from '@purertc/stun'

import type { ListenAddress } from '../options.ts'
import { createTurnServer, type NodeTurnServer } from '../server.ts'
import type { ProcessShare } from '../shared-port.ts'
import { peerFilter, type Settings } from './settings.ts'

/** Starts the server that the settings describe; DTLS is the first process's of several. */
export function serve(settings: Settings, share?: ProcessShare): Promise<NodeTurnServer> {
  const { cert, key, userRate, totalRate, relayAddress, advertisedAddress, secret } = settings
  const users = new Map((settings.user ?? []).map(({ name, password }) => [name, password]))
  return createTurnServer({
    listen: listenAddresses(settings, share),
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: readFileSync(cert), key: readFileSync(key) } }),
    realm: settings.realm,
    authenticate: users,
    ...(secret === undefined ? {} : { sharedSecret: secret }),
    ...(relayAddress === undefined ? {} : { relayAddress }),
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
    ...(share === undefined ? {} : { share }),
  })
}

/** Where new clients are sent while this server drains. */
export function alternatesOf({ alternate = [] }: Settings): TransportAddress[] {
  return alternate.flatMap((text) => {
    const [, ipv6, ipv4, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/.exec(text) ?? []
    const address = ipv6 ?? ipv4 ?? ''
    return isIpAddress(address) === null ? [] : [transportAddress(address, Number(port))]
  })
}

function listenAddresses(settings: Settings, share: ProcessShare | undefined): ListenAddress[] {
  const { address: addresses, port, tlsPort, tcp, cert } = settings
  const isFirst = share === undefined || share.index === 0
  return addresses.flatMap((address): ListenAddress[] => [
    { address, port, transport: 'udp' },
    ...(tcp ? [{ address, port, transport: 'tcp' } as const] : []),
    ...(tcp && cert !== undefined ? [{ address, port: tlsPort, transport: 'tls' } as const] : []),
    ...(isFirst && cert !== undefined ? [{ address, port: tlsPort, transport: 'dtls' } as const] : []),
  ])
}
