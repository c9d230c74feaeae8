import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { Random } from '@purertc/netsim'
import {
  formatAddress,
  MessageBuilder,
  MessageClass,
  Method,
  StreamFramer,
  StunMessage,
  transportAddress,
} from '@purertc/stun'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import {
  createTurnClient,
  createTurnServer,
  type ListenAddress,
  type ListeningAddress,
  type NodeTurnClient,
  type NodeTurnClientOptions,
  type NodeTurnServer,
  type NodeTurnServerOptions,
  type ServerLink,
} from '../src/node/index.ts'
import { StreamConnection } from '../src/node/stream-connection.ts'
import { cert, key } from './vectors/localhost-certificate.ts'

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

const everywhere: readonly ListenAddress[] = [
  { address: '127.0.0.1', port: 0, transport: 'tcp' },
  { address: '127.0.0.1', port: 0, transport: 'tls' },
  { address: '127.0.0.1', port: 0 },
]

async function startServer(options: Partial<NodeTurnServerOptions> = {}): Promise<NodeTurnServer> {
  const server = await createTurnServer({
    listen: everywhere,
    tls: { cert, key },
    realm: 'example.org',
    authenticate: { ann: 'secret' },
    allowLoopbackPeers: true,
    ...options,
  })
  open.push(server)
  return server
}

function addressOf(server: NodeTurnServer, transport: string): ListeningAddress {
  const found = server.addresses.find((address) => address.transport === transport)
  if (found === undefined) throw new Error(`nothing listens on ${transport}`)
  return found
}

async function startClient(
  server: NodeTurnServer,
  transport: string,
  options: Partial<NodeTurnClientOptions> = {},
): Promise<NodeTurnClient> {
  const at = formatAddress(addressOf(server, transport))
  const uri = { udp: `turn:${at}`, tcp: `turn:${at}?transport=tcp`, tls: `turns:${at}` }[transport] ?? ''
  const client = await createTurnClient({
    server: uri,
    username: 'ann',
    password: 'secret',
    tls: { ca: cert },
    ...options,
  })
  open.push(client)
  return client
}

/** A connection to the server that is no client of ours. */
async function stranger(server: NodeTurnServer, transport = 'tcp'): Promise<Socket> {
  const { address, port } = addressOf(server, transport)
  const socket = connect(port, address)
  socket.on('error', () => undefined)
  open.push({ close: () => void socket.destroy() })
  await once(socket, 'connect')
  return socket
}

/** An error before the end is one way to it: what the server has not read makes it a reset. */
async function ended(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve))
}

const bindingRequest = new MessageBuilder(
  Method.binding,
  MessageClass.request,
  new Uint8Array(12).fill(7),
).finish()

describe('clients over streams', () => {
  test.each(['tcp', 'tls'])('%s: data of every length goes both ways', async (transport) => {
    stopClock()
    const server = await startServer()
    const ann = await startClient(server, transport)
    const bob = await startClient(server, transport === 'tcp' ? 'tls' : 'udp')
    const [toAnn, toBob] = [ann.relayedAddress, bob.relayedAddress]
    if (toAnn === null || toBob === null) throw new Error('no allocation')
    ann.createPermission(toBob)
    // Two allocations and a permission.
    await eventually(() => server.answered.get('success') === 3)
    const greeted = once(ann, 'message')
    bob.send(toAnn, new Uint8Array(1))
    await greeted
    for (const [i, size] of [0, 1, 2, 3, 4, 5, 1_200, 1_201, 9_001, 20_003].entries()) {
      const [atBob, atAnn] = [once(bob, 'message'), once(ann, 'message')]
      const data = new Uint8Array(size).fill(i)
      ann.send(toBob, data)
      expect(await atBob).toEqual([data, toAnn])
      bob.send(toAnn, data)
      expect(await atAnn).toEqual([data, toBob])
    }
    const deleted = once(server, 'allocationDeleted')
    await ann.close()
    expect((await deleted)[1]).toBe('released')
  })

  test('Binding requests are answered, however they are cut', async () => {
    const server = await startServer()
    const socket = await stranger(server)
    const answers: string[] = []
    const framer = new StreamFramer((bytes) =>
      answers.push(StunMessage.decode(bytes)?.class.toString() ?? ''),
    )
    socket.on('data', (chunk) => framer.push(chunk))
    socket.setNoDelay(true)
    for (const byte of bindingRequest) socket.write(Uint8Array.of(byte))
    for (let i = 0; i < 9; i++) socket.write(bindingRequest)
    await eventually(() => answers.length === 10)
    expect(new Set(answers)).toEqual(new Set([String(MessageClass.successResponse)]))
  })

  test('an allocation ends with its connection', async () => {
    const server = await startServer()
    const socket = await stranger(server)
    const raw = new StreamConnection(socket, false, {
      received: (bytes) => heard(bytes),
      ended: () => failed(),
    })
    let heard: (bytes: Uint8Array) => void = () => undefined
    let failed: () => void = () => undefined
    const link: ServerLink = {
      isReliable: true,
      start: (received, lost) => {
        heard = received
        failed = () => lost(new Error('lost'))
      },
      send: (bytes) => raw.send(bytes),
      close: () => raw.close(),
    }
    const client = await startClient(server, 'tcp', { link })
    expect(server.allocations).toHaveLength(1)
    const [deleted, lost] = [once(server, 'allocationDeleted'), once(client, 'error')]
    socket.resetAndDestroy()
    expect((await deleted)[1]).toBe('disconnected')
    expect(await lost).toMatchObject([{ code: 'transport' }])
    expect(server.disconnected.get('failed')).toBe(1)
  })

  test('a server that closes the connection is an error, and an allocation refused is one too', async () => {
    const server = await startServer()
    await expect(startClient(server, 'tls', { password: 'guess' })).rejects.toMatchObject({ code: 401 })
    const client = await startClient(server, 'tls')
    const lost = once(client, 'error')
    await server.close()
    expect(await lost).toMatchObject([{ code: 'transport' }])
    expect(client.relayedAddress).toBeNull()
  })

  test('a certificate that nobody vouches for, a wrong name, or no server: there is no client', async () => {
    const server = await startServer()
    const transport = { code: 'transport' }
    await expect(startClient(server, 'tls', { tls: {} })).rejects.toMatchObject(transport)
    const named = { tls: { ca: cert, servername: 'example.org' } }
    await expect(startClient(server, 'tls', named)).rejects.toMatchObject(transport)
    await expect(
      startClient(server, 'tcp', { server: 'turn:127.0.0.1:1?transport=tcp' }),
    ).rejects.toMatchObject(transport)
    // It is TCP that listens there, and says nothing to a ClientHello.
    const silent = `turns:${formatAddress(addressOf(server, 'tcp'))}`
    await expect(startClient(server, 'tcp', { server: silent, connectTimeout: 0.2 })).rejects.toMatchObject(
      transport,
    )
    expect(server.allocations).toEqual([])
  })

  test('a server that never finishes its handshake costs the client a bounded time', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined))
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    open.push({ close: () => void silent.close() })
    const { port } = silent.address() as { port: number }
    const server = `turns:127.0.0.1:${port}`
    const options = { server, username: 'ann', password: 'secret', connectTimeout: 0.2 }
    await expect(createTurnClient(options)).rejects.toMatchObject({ code: 'transport' })
  })
})

describe('listeners', () => {
  test('come and go while the server runs', async () => {
    const server = await startServer({ listen: [{ address: '127.0.0.1', port: 0 }] })
    const at = await server.listen({ ...transportAddress('127.0.0.1', 0), transport: 'tcp' })
    expect(server.addresses.map(({ transport }) => transport)).toEqual(['udp', 'tcp'])
    const client = await startClient(server, 'tcp')
    const other = await startClient(server, 'udp')
    const [lost, deleted] = [once(client, 'error'), once(server, 'allocationDeleted')]
    expect(await server.unlisten(at)).toBe(true)
    expect((await deleted)[1]).toBe('closed')
    expect(await lost).toMatchObject([{ code: 'transport' }])
    expect(await server.unlisten(at)).toBe(false)
    expect(server.allocations).toHaveLength(1)
    expect(other.relayedAddress).not.toBeNull()
    const again = await server.listen(at)
    expect(again).toEqual(at)
    await (await startClient(server, 'tcp')).close()
  })

  test('on TLS need a certificate, and a transport must be one of ours', async () => {
    const server = await startServer({ listen: [{ address: '127.0.0.1', port: 0 }] })
    const at = transportAddress('127.0.0.1', 0)
    await expect(server.listen({ ...at, transport: 'sctp' })).rejects.toMatchObject({
      code: 'invalid-config',
    })
    await expect(
      createTurnServer({
        listen: everywhere,
        realm: 'example.org',
        authenticate: {},
      }),
    ).rejects.toMatchObject({ code: 'invalid-config' })
  })

  test('a port that another program has is an error, with nothing left open', async () => {
    const server = await startServer()
    const at = addressOf(server, 'tcp')
    await expect(server.listen(at)).rejects.toMatchObject({ code: 'EADDRINUSE' })
    expect(server.addresses).toHaveLength(3)
  })
})

describe('hostile streams', () => {
  test('what is no TURN ends the connection, and nothing else', async () => {
    const server = await startServer()
    const client = await startClient(server, 'tcp')
    const socket = await stranger(server)
    socket.write('POST / HTTP/1.1\r\n\r\n')
    await ended(socket)
    expect(server.disconnected.snapshot()).toEqual({ 'not-a-frame': 1 })
    expect(client.relayedAddress).not.toBeNull()
  })

  test('200 connections of noise leave the server as it was', async () => {
    const server = await startServer()
    const client = await startClient(server, 'tcp')
    const random = new Random(5)
    for (let i = 0; i < 200; i++) {
      const socket = await stranger(server)
      const noise = new Uint8Array(2 + random.int(300))
      random.fill(noise)
      if (random.chance(0.5)) noise.set(bindingRequest.subarray(0, random.int(Math.min(noise.length, 29))))
      if (random.chance(0.5)) noise.set([0x40, 0x00])
      socket.end(noise)
      socket.resume()
      await ended(socket)
    }
    await eventually(() => server.disconnected.total === 200)
    expect(server.allocations).toHaveLength(1)
    client.createPermission(transportAddress('127.0.0.1', 9))
    await client.close()
  })

  test('one address has so many connections, all have so many', async () => {
    const server = await startServer({ connections: { connectionsPerAddress: 2, maxConnections: 2 } })
    await stranger(server)
    await stranger(server)
    await ended(await stranger(server))
    expect(server.disconnected.snapshot()).toEqual({ 'too-many': 1 })
    const other = await startServer({ connections: { connectionsPerAddress: 1 } })
    const first = await stranger(other)
    await ended(await stranger(other))
    expect(other.disconnected.snapshot()).toEqual({ 'address-limit': 1 })
    first.destroy()
    await eventually(() => other.disconnected.get('ended') === 1)
    const third = await stranger(other)
    third.write(bindingRequest)
    await once(third, 'data')
  })

  test('who says nothing, or half of something, is shown the door; who has an allocation is not', async () => {
    // But for the handshake, whose time is TLS's own.
    stopClock()
    const server = await startServer({ connections: { idleTimeout: 1 } })
    const client = await startClient(server, 'tcp')
    const mute = await stranger(server)
    const slow = await stranger(server)
    const unfinished = await stranger(server, 'tls')
    const ends = Promise.all([mute, slow, unfinished].map(ended))
    const dripping = setInterval(() => slow.write(Uint8Array.of(0)), 20)
    jest.advanceTimersByTime(2_000)
    await ends
    clearInterval(dripping)
    expect(server.disconnected.get('idle')).toBeGreaterThanOrEqual(1)
    expect(server.disconnected.get('handshake')).toBe(1)
    expect(client.relayedAddress).not.toBeNull()
  })

  test('noise instead of TLS is counted', async () => {
    const server = await startServer()
    const socket = await stranger(server, 'tls')
    socket.write(bindingRequest)
    await ended(socket)
    await eventually(() => server.disconnected.get('handshake') === 1)
    const secure = connectTls({ ...addressOf(server, 'tls'), host: '127.0.0.1', ca: cert })
    open.push({ close: () => void secure.destroy() })
    await once(secure, 'secureConnect')
    secure.write(bindingRequest)
    await once(secure, 'data')
  })

  test('who does not read is not waited for: memory is bounded, and the rest goes on', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const accepted = once(server, 'connection') as Promise<[Socket]>
    const reader = connect(port, '127.0.0.1')
    reader.pause()
    const [socket] = await accepted
    const connection = new StreamConnection(socket, false, {
      received: () => undefined,
      ended: () => undefined,
    })
    const frame = new Uint8Array(4 + 1_000)
    frame.set([0x40, 0x00, 0x03, 0xe8])
    for (let i = 0; i < 20_000; i++) {
      connection.send(frame)
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(socket.writableLength).toBeLessThanOrEqual(1 << 20)
    stopClock()
    const closing = connection.close()
    jest.advanceTimersByTime(3_000)
    await closing
    reader.destroy()
    server.close()
  })

  test('bytes are lent: what is sent stays as it was', async () => {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    const heard: number[] = []
    server.on('connection', (socket) => {
      const framer = new StreamFramer(
        (bytes) => {
          expect(bytes.subarray(4).every((byte) => byte === bytes[4])).toBe(true)
          heard.push(bytes[4] ?? -1)
        },
        { channelData: true },
      )
      socket.on('data', (chunk) => expect(framer.push(chunk)).toBeNull())
    })
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const connection = new StreamConnection(socket, false, {
      received: () => undefined,
      ended: () => undefined,
    })
    const frame = new Uint8Array(4 + 1_001)
    for (let i = 0; i < 100; i++) {
      frame.fill(i)
      frame.set([0x40, 0x00, 0x03, 0xe9])
      connection.send(frame)
    }
    await eventually(() => heard.length === 100)
    expect(heard).toEqual(Array.from({ length: 100 }, (_, i) => i))
    await connection.close()
    connection.send(frame)
    server.close()
  })
})
