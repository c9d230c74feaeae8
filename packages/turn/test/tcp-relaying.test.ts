import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

import { describe, expect, test } from '@jest/globals'
import { type TransportAddress, transportAddress } from '@purertc/stun'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import { createTurnClient, type NodeTurnClient, type NodeTurnServer, openLink } from '../src/node/index.ts'
import { parseTurnUri } from '../src/index.ts'
import { closing, startClient as startClientOn, startServer, uriOf } from './loopback.ts'

const startClient = (server: NodeTurnServer, transport = 'tcp'): Promise<NodeTurnClient> =>
  startClientOn(server, transport, { transport: 'tcp' })

/** A peer that sends back what it hears, and keeps who asked. */
async function echoPeer(): Promise<{ address: TransportAddress; callers: number[]; server: Server }> {
  const callers: number[] = []
  const server = createServer((socket) => {
    callers.push(socket.remotePort ?? 0)
    socket.on('error', () => undefined)
    socket.pipe(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing(server)
  const { port } = server.address() as { port: number }
  return { address: transportAddress('127.0.0.1', port), callers, server }
}

/** The socket is paused: reading begins here, and goes on. */
function readAll(socket: Socket, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      const read = Buffer.concat(chunks)
      if (read.length >= length) resolve(read)
    })
    socket.resume()
  })
}

const relayedOf = ({ relayedAddress }: NodeTurnClient): TransportAddress =>
  relayedAddress ?? transportAddress('0.0.0.0', 0)

describe('RFC 6062', () => {
  test.each(['tcp', 'tls'])(
    'over %s a megabyte goes to a peer and comes back, from the relayed address',
    async (transport) => {
      const server = await startServer()
      const peer = await echoPeer()
      const client = await startClient(server, transport)
      const socket = await client.connect(peer.address)
      expect(peer.callers).toEqual([relayedOf(client).port])
      const data = Buffer.alloc(1 << 20, 'purertc')
      socket.write(data)
      expect((await readAll(socket, data.length)).equals(data)).toBe(true)
      expect(server.allocations).toMatchObject([
        { transport: 'tcp', toPeers: { bytes: data.length }, toClient: { bytes: data.length } },
      ])
      const closed = once(socket, 'close')
      socket.end()
      await closed
    },
  )

  test('two clients of one server connect to each other, more than once', async () => {
    const server = await startServer()
    const [ann, bob] = [await startClient(server), await startClient(server)]
    bob.createPermission(relayedOf(ann))
    await eventually(() => server.answered.get('success') === 3)
    const arrived = once(bob, 'connection')
    const toBob = await ann.connect(relayedOf(bob))
    const [toAnn, from] = (await arrived) as [Socket, TransportAddress]
    expect(from).toEqual(relayedOf(ann))
    toAnn.write('hello ann')
    toBob.write('hello bob')
    expect((await readAll(toBob, 9)).toString()).toBe('hello ann')
    expect((await readAll(toAnn, 9)).toString()).toBe('hello bob')
    await expect(ann.connect(relayedOf(bob))).rejects.toMatchObject({ code: 446 })
    const ended = once(toAnn, 'close')
    toBob.destroy()
    toAnn.resume()
    await ended
    await eventually(() =>
      server
        .metrics()
        .every(({ name, samples }) => name !== 'turn_peer_connections' || samples[0]?.value === 0),
    )
  })

  test('connections of peers are closed where there is no permission', async () => {
    const server = await startServer()
    const client = await startClient(server)
    const { port } = relayedOf(client)
    const peer = connect(port, '127.0.0.1')
    peer.resume()
    await once(peer, 'close')
    // Connecting makes the listener step aside; it is back afterwards.
    const echo = await echoPeer()
    await client.connect(echo.address)
    const again = connect(port, '127.0.0.1')
    await once(again, 'connect')
    again.destroy()
  })

  test('a peer that does not listen: 447; one that is forbidden: 403; a server that has none: 442', async () => {
    const server = await startServer()
    const { address, server: peer } = await echoPeer()
    await new Promise((resolve) => peer.close(resolve))
    const client = await startClient(server)
    await expect(client.connect(address)).rejects.toMatchObject({ code: 447 })
    await expect(client.connect(transportAddress('10.0.0.1', 80))).rejects.toMatchObject({ code: 403 })
    expect(() => client.send(address, Uint8Array.of(1))).toThrow('no allocation of UDP')
    await expect(startClient(await startServer({ tcpAllocations: false }))).rejects.toMatchObject({
      code: 442,
    })
    await expect(startClient(server, 'udp')).rejects.toMatchObject({ code: 400 })
  })

  test('a rate holds a stream back, and loses nothing', async () => {
    const server = await startServer({ userLimits: { bytesPerSecond: 400_000 } })
    const peer = await echoPeer()
    const client = await startClient(server)
    const socket = await client.connect(peer.address)
    const data = Buffer.alloc(600_000, 'x')
    const startedAt = performance.now()
    socket.write(data)
    expect(await readAll(socket, data.length)).toHaveLength(data.length)
    expect(performance.now() - startedAt).toBeGreaterThan(300)
  })

  test('closing the server ends all', async () => {
    const server = await startServer()
    const peer = await echoPeer()
    const client = await startClient(server)
    client.on('error', () => undefined)
    const socket = await client.connect(peer.address)
    socket.resume()
    const closed = once(socket, 'close')
    await server.close()
    await closed
  })
})

test('RFC 8016: a client goes on over another socket, and its peers notice nothing', async () => {
  stopClock()
  const server = await startServer()
  const ann = await createTurnClient({
    server: uriOf(server, 'udp'),
    username: 'ann',
    password: 'secret',
    mobility: true,
  })
  closing(ann)
  const bob = await createTurnClient({ server: uriOf(server, 'udp'), username: 'ann', password: 'secret' })
  closing(bob)
  expect([ann.isMobile, bob.isMobile]).toEqual([true, false])
  const [toAnn, toBob] = [relayedOf(ann), relayedOf(bob)]
  bob.createPermission(toAnn)
  bob.on('message', (data, from) => bob.send(from, data))
  await eventually(() => server.answered.get('success') === 3)
  for (let i = 0; i < 3; i++) {
    const echoed = once(ann, 'message')
    ann.send(toBob, Uint8Array.of(i))
    expect(await echoed).toEqual([Uint8Array.of(i), toBob])
    const before = server.allocations.find(({ relayed }) => relayed.port === toAnn.port)?.client.port
    const uri = parseTurnUri(uriOf(server, 'udp'))
    if (uri === null) throw new Error('no URI')
    await ann.move(await openLink(uri, transportAddress(uri.host, uri.port), {}))
    await eventually(
      () => server.allocations.find(({ relayed }) => relayed.port === toAnn.port)?.client.port !== before,
    )
  }
  expect(ann.relayedAddress).toEqual(toAnn)
  await expect(
    bob.move(await openLink({ secure: false, host: '', transport: 'udp' }, toAnn, {})),
  ).rejects.toThrow('cannot move')
})
