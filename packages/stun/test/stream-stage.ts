/** Servers, clients and strangers on streams of loopback, which end with the test that made them. */
import { readFileSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'

import { afterEach, expect } from '@jest/globals'

import { formatAddress, MessageBuilder, type TransportAddress } from '../src/index.ts'
import {
  createStunServer,
  type NameService,
  NodeStunClient,
  type NodeStunClientOptions,
  type NodeStunServer,
  type NodeStunServerOptions,
} from '../src/node/index.ts'

const pem = (name: string): string =>
  readFileSync(new URL(`./vectors/tls/${name}.pem`, import.meta.url), 'utf8')
export const identity = { cert: pem('certificate'), key: pem('key') }
export const trust = { ca: pem('authority') }
/** Whatever the name, the server is here. */
export const names: NameService = { srv: async () => [], addresses: async () => ['127.0.0.1'] }
export const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

export async function serve(options: NodeStunServerOptions = {}): Promise<NodeStunServer> {
  const server = await createStunServer({
    listen: [{ address: '127.0.0.1', port: 0, transport: 'tcp' }],
    tls: identity,
    ...options,
  })
  open.push(server)
  return server
}

export async function dial(
  server: NodeStunServer,
  options: NodeStunClientOptions = {},
): Promise<NodeStunClient> {
  const { transport, ...address } = server.addresses[0]!
  const uri = `${transport === 'tls' ? 'stuns' : 'stun'}:${formatAddress(address)}`
  const client = await NodeStunClient.open(uri, {
    transport: transport as 'tcp' | 'tls',
    tls: trust,
    ...options,
  })
  open.push(client)
  return client
}

/** A TCP port may be somebody's whose number is free in UDP. */
export async function bindTwice(server: NodeStunServer): Promise<[TransportAddress, TransportAddress]> {
  for (;;) {
    const udp = await server.bind({ address: '127.0.0.1', port: 0 })
    const tcp = await server.bind({ ...udp, transport: 'tcp' }).catch((error: unknown) => {
      expect(error).toMatchObject({ code: 'EADDRINUSE' })
      return null
    })
    if (tcp !== null) return [udp, tcp]
    await server.unbind(udp)
  }
}

export function at(server: NodeStunServer): { address: string; port: number } {
  const { address, port } = server.addresses[0]!
  return { address, port }
}

export function numbered(n: number): MessageBuilder {
  return new MessageBuilder(1, 0, new Uint8Array(12).fill(n))
}

export async function plain(server: NodeStunServer): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: at(server).port })
  open.push({ close: () => socket.destroy() })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('connect', resolve))
  return socket
}

export async function ended(socket: Socket): Promise<void> {
  socket.on('error', () => undefined)
  socket.resume()
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

export async function listening(accept: (socket: Socket) => void): Promise<{ port: number }> {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => undefined)
    accept(socket)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  open.push({
    close: () =>
      new Promise<void>((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  })
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0 }
}
