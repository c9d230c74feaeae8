import { createSocket } from 'node:dgram'

import { Alarm, monotonicNow } from '@purertc/bytes/node'
import type { CryptoProvider } from '@purertc/crypto'
import { nodeCrypto } from '@purertc/crypto/node'

import type { IpFamily } from '../ip-address.ts'
import { type NatBehavior, NatDiscovery, type NatDiscoveryConfig } from '../nat-discovery.ts'
import { StunError } from '../stun-error.ts'
import { type TransportAddress, transportAddress } from '../transport-address.ts'
import { randomFraction, readServer } from './client.ts'
import type { NameService } from './name-service.ts'
import { resolveServer } from './resolve.ts'
import { udp } from './transports.ts'
import type { StunTransport } from '../stun-transport.ts'

export interface NatBehaviorOptions extends Omit<NatDiscoveryConfig, 'crypto' | 'server' | 'local'> {
  /** The local address to send from. Default: the one that the system takes towards the server. */
  readonly localAddress?: string
  /** The local port; a free one by default. It must not have sent to the server lately. */
  readonly localPort?: number
  readonly family?: IpFamily
  readonly names?: NameService
  readonly crypto?: CryptoProvider
}

/**
 * Finds out how the NAT on the way to a server maps and filters, by RFC 5780 over UDP. The server needs two addresses:
 * with one it rejects with `StunError` `unsupported`. Takes some round trips where the NAT is open, and up to 11 seconds
 * where it drops what the tests send.
 *
 * @example
 * const { mapping, filtering } = await discoverNatBehavior('stun:stun.example.org')
 */
export async function discoverNatBehavior(
  server: string,
  options: NatBehaviorOptions = {},
): Promise<NatBehavior> {
  const { localAddress, localPort = 0, family, names, crypto = nodeCrypto, ...config } = options
  const [address] = await resolveServer(readServer(server), {
    protocol: 'udp',
    service: 'stun-behavior',
    random: () => randomFraction(crypto),
    ...(family === undefined ? {} : { family }),
    ...(names === undefined ? {} : { names }),
  })
  if (address === undefined) throw new StunError('invalid-address', `${server} has no address`)
  const socket = await udp.open(address, {
    localAddress: localAddress ?? (await addressTowards(address)),
    localPort,
  })
  // A socket on all addresses does not know which of them the NAT sees.
  const isAny = /^(0\.0\.0\.0|::)$/.test(socket.local.address)
  return observe(socket, { ...config, crypto, server: address, local: isAny ? null : socket.local })
}

/** Takes the socket over, and closes it. */
async function observe(socket: StunTransport, config: NatDiscoveryConfig): Promise<NatBehavior> {
  const { promise, resolve, reject } = settled<NatBehavior>()
  const discovery = new NatDiscovery(config, {
    transmit: (to, bytes) => socket.send(to, bytes),
    finished: (_now, behavior) => resolve(behavior),
    failed: (_now, error) => reject(error),
  })
  const alarm = new Alarm((now) => {
    discovery.handleTimeout(now)
    alarm.set(discovery.nextTimeout)
  })
  socket.start({
    received: (from, bytes) => {
      discovery.handleDatagram(monotonicNow(), from, bytes)
      alarm.set(discovery.nextTimeout)
    },
    failed: (cause) =>
      discovery.abandon(monotonicNow(), new StunError('transport', cause.message, { cause })),
  })
  discovery.start(monotonicNow())
  alarm.set(discovery.nextTimeout)
  try {
    return await promise
  } finally {
    alarm.clear()
    discovery.close()
    await socket.close()
  }
}

function settled<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: Error) => void } {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: Error) => void = () => undefined
  const promise = new Promise<T>((...functions) => ([resolve, reject] = functions))
  return { promise, resolve, reject }
}

/** The local address that the system's routes choose: connecting a UDP socket asks for it and sends nothing. */
async function addressTowards(server: TransportAddress): Promise<string> {
  const socket = createSocket(server.family === 'IPv4' ? 'udp4' : 'udp6')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(server.port, server.address, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    return transportAddress(socket.address().address, 0).address
  } finally {
    socket.close()
  }
}
