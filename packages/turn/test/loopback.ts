/** Servers and clients on loopback, which end with the test that started them. */
import { connect, type Socket } from 'node:net'
import { once } from 'node:events'

import { afterEach } from '@jest/globals'
import { formatAddress, MessageBuilder, MessageClass, Method, type TransportAddress } from '@purertc/stun'

import {
  createTurnClient,
  createTurnServer,
  type ListenAddress,
  type ListeningAddress,
  type NodeTurnClient,
  type NodeTurnClientOptions,
  type NodeTurnServer,
  type NodeTurnServerOptions,
} from '../src/node/index.ts'
import { cert, key } from './vectors/localhost-certificate.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

/** Closes it after the test. */
export function closing<T extends { close(): unknown }>(thing: T): T {
  open.push(thing)
  return thing
}

/** Free ports of 127.0.0.1. */
export function on(...transports: NonNullable<ListenAddress['transport']>[]): ListenAddress[] {
  return transports.map((transport) => ({ address: '127.0.0.1', port: 0, transport }))
}

/** A server that knows Ann, on UDP, TCP and TLS where nothing else is said. */
export async function startServer(options: Partial<NodeTurnServerOptions> = {}): Promise<NodeTurnServer> {
  return closing(
    await createTurnServer({
      listen: on('udp', 'tcp', 'tls'),
      tls: { cert, key },
      realm: 'example.org',
      authenticate: { ann: 'secret' },
      allowLoopbackPeers: true,
      ...options,
    }),
  )
}

export function addressOf(server: NodeTurnServer, transport = 'udp'): ListeningAddress {
  const found = server.addresses.find((address) => address.transport === transport)
  if (found === undefined) throw new Error(`nothing listens on ${transport}`)
  return found
}

export function uriOf(server: NodeTurnServer, transport = 'udp'): string {
  const at = addressOf(server, transport)
  // The certificate is that of localhost.
  const host = transport === 'dtls' ? `localhost:${at.port}` : formatAddress(at)
  const uris: Record<string, string> = {
    udp: `turn:${host}`,
    tcp: `turn:${host}?transport=tcp`,
    tls: `turns:${host}`,
    dtls: `turns:${host}?transport=udp`,
  }
  return uris[transport] ?? ''
}

/** Ann, unless it is said otherwise. */
export async function startClient(
  server: NodeTurnServer,
  transport = 'udp',
  options: Partial<NodeTurnClientOptions> = {},
): Promise<NodeTurnClient> {
  return closing(
    await createTurnClient({
      server: uriOf(server, transport),
      serverFamily: addressOf(server, transport).family,
      username: 'ann',
      password: 'secret',
      tls: { ca: cert },
      ...options,
    }),
  )
}

/** Where peers send to. */
export function relayedOf({ relayedAddress }: NodeTurnClient): TransportAddress {
  if (relayedAddress === null) throw new Error('no relayed address')
  return relayedAddress
}

/** What anybody may ask. */
export const bindingRequest: Uint8Array = new MessageBuilder(
  Method.binding,
  MessageClass.request,
  new Uint8Array(12).fill(7),
).finish()

/** A connection to the server that is no client of ours. */
export async function stranger(server: NodeTurnServer, transport = 'tcp'): Promise<Socket> {
  const { address, port } = addressOf(server, transport)
  const socket = connect(port, address)
  socket.on('error', () => undefined)
  closing({ close: () => socket.destroy() })
  await once(socket, 'connect')
  return socket
}

/** An error before the end is one way to it: what the server has not read makes it a reset. */
export async function ended(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}
