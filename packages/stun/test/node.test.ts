import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import { afterEach, describe, expect, test } from '@jest/globals'

import { formatAddress, transportAddress } from '../src/index.ts'
import {
  createStunServer,
  discoverMappedAddress,
  NodeStunClient,
  type NodeStunServer,
} from '../src/node/index.ts'
import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { UdpSocket } from '../src/node/udp-socket.ts'
import { request } from './pair.ts'

const loopback = { address: '127.0.0.1', port: 0 }
const open: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
})

describe('over loopback', () => {
  test('the mapped address is the socket’s own', async () => {
    stopClock()
    const server = await listen()
    const client = await NodeStunClient.open(uri(server), { software: 'client' })
    open.push(client)
    const { mapped } = await client.bind()
    expect(mapped).toEqual({ family: 'IPv4', address: '127.0.0.1', port: client.local.port })
    expect(await Promise.all([client.bind(), client.bind()])).toHaveLength(2)
    expect(server.answered.snapshot()).toEqual({ success: 3 })
  })

  test('IPv6', async () => {
    const server = await listen({ listen: [{ address: '::1', port: 0 }] })
    expect(await discoverMappedAddress(uri(server))).toMatchObject({ family: 'IPv6', address: '::1' })
  })

  test('long-term credentials', async () => {
    const server = await listen({
      longTerm: { realm: 'example.org', password: (name) => (name === 'user' ? 'secret' : null) },
    })
    const ask = (password: string): Promise<unknown> =>
      discoverMappedAddress(uri(server), { credentials: { kind: 'long-term', username: 'user', password } })
    await expect(ask('secret')).resolves.toMatchObject({ address: '127.0.0.1' })
    await expect(ask('wrong')).rejects.toMatchObject({
      name: 'StunError',
      code: 401,
      reason: 'Unauthenticated',
    })
  })

  test('a server that is silent: timeout', async () => {
    const silent = await bound()
    const asking = discoverMappedAddress(`127.0.0.1:${silent.address().port}`, {
      retransmit: { rto: 5, rc: 3, rm: 2 },
    })
    await expect(asking).rejects.toMatchObject({ code: 'timeout' })
  })

  test('who asks anew when close cancels a request is told that the client is closed', async () => {
    const silent = await bound()
    const client = await NodeStunClient.open(`127.0.0.1:${silent.address().port}`)
    const again: Promise<unknown>[] = []
    client.on('failure', () => again.push(client.bind().catch((error: unknown) => error)))
    const asked = expect(client.bind()).rejects.toMatchObject({ code: 'cancelled' })
    await client.close()
    await asked
    expect(await Promise.all(again)).toMatchObject([{ code: 'closed' }])
  })

  test('cancel and close end what is pending', async () => {
    const silent = await bound()
    const client = await NodeStunClient.open(`127.0.0.1:${silent.address().port}`)
    const first = client.bind()
    client.cancel()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    const second = client.bind()
    await client.close()
    await client.close()
    await expect(second).rejects.toMatchObject({ code: 'cancelled' })
    await expect(client.bind()).rejects.toMatchObject({ code: 'closed' })
    expect(() => client.indicate()).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  test('a stuns: URI is never asked in the clear', async () => {
    for (const transport of ['udp', 'tcp'] as const)
      await expect(NodeStunClient.open('stuns:127.0.0.1', { transport })).rejects.toMatchObject({
        code: 'invalid-address',
      })
  })

  test('raw data leaves from the same port, and what comes back is an event', async () => {
    const echo = await bound()
    echo.on('message', (bytes, { port }) => echo.send(bytes, port, '127.0.0.1'))
    const server = await listen()
    const client = await NodeStunClient.open(uri(server))
    open.push(client)
    const echoed = once(client, 'data')
    client.send(Uint8Array.of(1, 2, 3), transportAddress('127.0.0.1', echo.address().port))
    const [bytes, from] = (await echoed) as [Uint8Array, unknown]
    expect([...bytes]).toEqual([1, 2, 3])
    expect(from).toEqual(transportAddress('127.0.0.1', echo.address().port))
    await client.close()
    expect(() => client.send(Uint8Array.of(1))).toThrow(expect.objectContaining({ code: 'closed' }))
  })

  test('events and hooks see what the promises see', async () => {
    stopClock()
    const server = await listen({ longTerm: { realm: 'example.org', password: () => null } })
    const openServer = await listen()
    const prepared: number[] = []
    const client = await NodeStunClient.open(uri(openServer), {
      preparing: (request) => void prepared.push(request.length),
    })
    open.push(client)
    const log: unknown[] = []
    client.on('success', ({ mapped }) => log.push(mapped.port))
    client.on('failure', ({ code }) => log.push(code))
    client.on('message', (direction, _server, bytes) => log.push([direction, bytes.length > 19]))
    const seen: string[] = []
    openServer.on('message', (direction, _peer, _bytes, { transport }) =>
      seen.push(`${direction} ${transport}`),
    )
    await client.bind()
    const { port } = server.addresses[0]!
    await expect(client.bind({ server: transportAddress('127.0.0.1', port) })).rejects.toMatchObject({
      code: 401,
    })
    expect(log).toEqual([
      ['sent', true],
      ['received', true],
      client.local.port,
      ['sent', true],
      ['received', true],
      401,
    ])
    expect(seen).toEqual(['received udp', 'sent udp'])
    expect(prepared).toEqual([20, 20])
    client.indicate()
    await eventually(() => openServer.discarded.total > 0)
    expect(openServer.discarded.snapshot()).toEqual({ 'not-a-request': 1 })
  })

  test('what the system refuses to send fails at once', async () => {
    const client = await NodeStunClient.open('255.255.255.255:3478', { localAddress: '127.0.0.1' })
    open.push(client)
    await expect(client.bind()).rejects.toMatchObject({ code: 'transport', cause: { code: 'EACCES' } })
  })

  test.each(['', 'http://example.org', 'host:99999', 'stun:host?transport=udp'])(
    '%j is no server',
    async (server) => {
      await expect(NodeStunClient.open(server)).rejects.toMatchObject({ code: 'invalid-address' })
    },
  )
})

describe('addresses of a server', () => {
  test('come and go at run time', async () => {
    const server = await listen()
    const [first] = server.addresses
    const second = await server.bind(loopback)
    expect(server.addresses).toEqual([first, second])
    await expect(discoverMappedAddress(formatAddress(second))).resolves.toBeDefined()
    await server.unbind(second)
    await server.unbind(second)
    expect(server.addresses).toEqual([first])
    await expect(
      discoverMappedAddress(formatAddress(second), { retransmit: { rto: 5, rc: 2, rm: 2 } }),
    ).rejects.toMatchObject({ code: 'timeout' })
    await expect(discoverMappedAddress(uri(server))).resolves.toBeDefined()
  })

  test('one that is taken: the error is the system’s, and nothing stays open', async () => {
    const server = await listen()
    const taken = { address: '127.0.0.1', port: server.addresses[0]!.port }
    await expect(server.bind(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    await expect(createStunServer({ listen: [loopback, taken] })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
    await expect(server.bind({ address: 'localhost' })).rejects.toMatchObject({ code: 'invalid-address' })
    expect(server.addresses).toHaveLength(1)
  })

  test('are gone after close, and the ports are free', async () => {
    const areFree = async (): Promise<boolean> => {
      const server = await listen({ listen: [loopback, loopback] })
      const ports = server.addresses.map(({ port }) => port)
      const late = server.bind(loopback)
      await server.close()
      await expect(late).rejects.toMatchObject({ code: 'closed' })
      await expect(server.bind(loopback)).rejects.toMatchObject({ code: 'closed' })
      expect(server.addresses).toEqual([])
      return Promise.all(ports.map(bound)).then(
        () => true,
        () => false,
      )
    }
    // Another process may take one of them at once: by chance, where ours would have kept it every time.
    expect((await areFree()) || (await areFree()) || (await areFree())).toBe(true)
  })

  test('noise is counted, and answers can be kept back', async () => {
    let isVetoed = true
    const server = await listen({ answering: () => !isVetoed })
    const { port } = server.addresses[0]!
    const socket = await bound()
    for (const bytes of [new Uint8Array(0), new Uint8Array(1500), request().finish()])
      socket.send(bytes, port, '127.0.0.1')
    await eventually(() => server.discarded.total >= 3)
    expect(server.discarded.snapshot()).toEqual({ malformed: 2, suppressed: 1 })
    isVetoed = false
    socket.send(request().finish(), port, '127.0.0.1')
    const [answer] = (await once(socket, 'message')) as [Uint8Array]
    expect(answer.length).toBeGreaterThan(20)
  })
})

describe('a socket', () => {
  test('tells its host what could not be sent, and goes on', async () => {
    const sender = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
    const receiver = await UdpSocket.bind(transportAddress('127.0.0.1', 0))
    open.push(sender, receiver)
    const failed = new Promise((resolve) => sender.start({ failed: resolve, received: () => undefined }))
    sender.send(transportAddress('255.255.255.255', 9), Uint8Array.of(1))
    await expect(failed).resolves.toMatchObject({ code: 'EACCES' })
    const received = new Promise((resolve) =>
      receiver.start({ failed: () => undefined, received: (from, bytes) => resolve([from, [...bytes]]) }),
    )
    const refused = new Promise((resolve) => sender.start({ failed: resolve, received: () => undefined }))
    sender.send(transportAddress('127.0.0.1', 0), Uint8Array.of(1))
    await expect(refused).resolves.toMatchObject({ code: 'transport' })
    // A Node Buffer, whose slice() would be no copy.
    const bytes = Buffer.of(2)
    sender.send(receiver.local, bytes)
    bytes[0] = 3
    await expect(received).resolves.toEqual([sender.local, [2]])
  })
})

async function listen(options: Parameters<typeof createStunServer>[0] = {}): Promise<NodeStunServer> {
  const server = await createStunServer({ listen: [loopback], ...options })
  open.push(server)
  return server
}

async function bound(port = 0): Promise<Socket> {
  const socket = createSocket('udp4')
  open.push({ close: () => new Promise<void>((resolve) => void socket.close(() => resolve())) })
  const listening = once(socket, 'listening')
  socket.bind(port, '127.0.0.1')
  await listening
  return socket
}

function uri(server: NodeStunServer): string {
  return `stun:${formatAddress(server.addresses[0]!)}`
}
