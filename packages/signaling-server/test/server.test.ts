import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import { describe, expect, test } from '@jest/globals'
import { subprotocol } from '@purertc/signaling-protocol'

import { cert, key } from '../../turn/test/vectors/localhost-certificate.ts'
import { createSignalingServer } from '../src/index.ts'
import { rawClient } from './raw-client.ts'
import { DeferredHook } from './support/deferred-hook.ts'
import { serverStarter } from './support/start-server.ts'
import { TestClient, urlOf } from './test-client.ts'

const start = serverStarter()

describe('two peers', () => {
  test('meet, speak, and see each other leave', async () => {
    const server = await start({ iceServers: [{ urls: 'stun:192.0.2.1' }] })
    const alice = new TestClient(urlOf(server))
    expect(await alice.next()).toEqual({
      type: 'welcome',
      version: 1,
      session: expect.stringMatching(/^[\w-]{22}$/),
      resumeWithin: 30_000,
      iceServers: [{ urls: 'stun:192.0.2.1' }],
    })
    expect(alice.socket.protocol).toBe(subprotocol)
    alice.say({ type: 'join', channel: 'room', peer: 'alice' })
    expect(await alice.next()).toMatchObject({ type: 'joined', role: 'offerer' })
    alice.say({ type: 'description', description: { type: 'offer', sdp: 'v=0' } })
    const bob = await TestClient.join(server, 'bob')
    expect(await alice.next()).toMatchObject({ type: 'peer-joined', peer: 'bob', replayed: 1 })
    expect(await bob.next()).toMatchObject({ type: 'description', from: 'alice' })
    bob.say({ type: 'message', to: 'alice', data: { text: 'ünï' }, id: 1 })
    expect(await alice.next()).toEqual({ type: 'message', from: 'bob', data: { text: 'ünï' } })
    expect(await bob.next()).toMatchObject({ type: 'delivered', delivered: true })
    expect(await server.membersOf('room')).toEqual(['alice', 'bob'])
    expect([server.connections, server.channels]).toEqual([2, 1])
    await bob.close()
    expect(await alice.next()).toEqual({ type: 'peer-left', peer: 'bob', count: 1 })
  })

  test('a name nobody chose is made up', async () => {
    const server = await start()
    const client = await TestClient.open(server)
    client.say({ type: 'join', channel: 'room' })
    expect(await client.next()).toMatchObject({ peer: expect.stringMatching(/^[0-9a-f-]{36}$/) })
  })
})

test('events tell what happens, in order', async () => {
  const server = await start()
  const log: string[] = []
  server.on('connect', ({ id, request }) => log.push(`connect ${id} ${request.url ?? ''}`))
  server.on('rawMessage', ({ id }, text) => log.push(`raw ${id} ${text}`))
  server.on('message', ({ id }, frame) => log.push(`message ${id} ${frame.type}`))
  server.on('subscription', (peer, channel, name, count) =>
    log.push(`+ ${peer.id} ${channel} ${name} ${count}`),
  )
  server.on('unsubscription', (peer, channel, name, count) =>
    log.push(`- ${peer?.id ?? 'away'} ${channel} ${name} ${count}`),
  )
  const gone = once(server, 'disconnect') as Promise<[{ id: number }, number]>
  const client = await TestClient.join(server, 'alice')
  client.socket.send('nonsense')
  await client.untilPong()
  client.socket.close(4321)
  const [peer, code] = await gone
  expect([peer.id, code]).toEqual([1, 4321])
  expect(log.filter((line) => !line.includes('ping'))).toEqual([
    'connect 1 /',
    'raw 1 {"type":"join","channel":"room","peer":"alice","resumable":false}',
    'message 1 join',
    '+ 1 room alice 1',
    'raw 1 nonsense',
    '- 1 room alice 0',
  ])
})

test('events tell of bytes, and of who came back after how much', async () => {
  const server = await start()
  const alice = await TestClient.join(server, 'alice', true)
  const bob = await TestClient.join(server, 'bob', true)
  const header = '{"type":"message","to":"bob"}'
  const binary = once(server, 'binary') as Promise<[{ peer: string }, object, Uint8Array]>
  alice.socket.send(Buffer.concat([Buffer.of(0, header.length), Buffer.from(header), Buffer.of(7)]))
  const [{ peer }, said, data] = await binary
  expect([peer, said, [...data]]).toEqual(['alice', { type: 'message', to: 'bob' }, [7]])
  await bob.untilPong()

  const { session, seq = 0 } = bob
  const gone = once(server, 'disconnect')
  bob.socket.terminate()
  await gone
  alice.say({ type: 'message', data: 'missed' })
  await alice.untilPong()
  const resumed = once(server, 'resumption') as Promise<[{ id: number; channel: string }, ...unknown[]]>
  const back = await TestClient.open(server)
  back.say({ type: 'resume', session, seq: seq + 1 })
  const [client, ...rest] = await resumed
  expect([client.id, client.channel, ...rest]).toEqual([3, 'room', 'room', 'bob', 1])
})

test('a peer shows where it is and can be closed', async () => {
  const server = await start()
  const connected = once(server, 'connect') as Promise<[{ channel?: string; peer?: string; close(): void }]>
  const client = await TestClient.join(server, 'alice')
  const [peer] = await connected
  expect([peer.channel, peer.peer]).toEqual(['room', 'alice'])
  client.say({ type: 'leave' })
  await client.next()
  expect([peer.channel, peer.peer]).toEqual([undefined, undefined])
  peer.close()
  expect(await client.closed).toBe(1000)
})

describe('ICE servers', () => {
  test('are made for the request', async () => {
    const server = await start({
      iceServers: async (request) => [
        { urls: 'turn:192.0.2.1', username: request.url ?? '', credential: 'c' },
      ],
    })
    const client = new TestClient(urlOf(server, '/?user=7'))
    expect(await client.next()).toMatchObject({ iceServers: [{ username: '/?user=7' }] })
  })

  test('that cannot be made refuse the connection, and are an error event', async () => {
    const server = await start({ iceServers: () => Promise.reject(new Error('no secret')) })
    const failed = once(server, 'error')
    expect(await new TestClient(urlOf(server)).refused).toBe(500)
    expect(await failed).toMatchObject([{ message: 'no secret' }])
  })
})

describe('attached to an HTTP server', () => {
  test('it answers upgrades of its path and leaves all else alone', async () => {
    const http = createServer((_, response) => response.end('page'))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const server = await createSignalingServer({ server: http, path: '/signaling' })
    expect(server.address).toEqual(http.address())
    await new TestClient(urlOf(server, '/signaling')).next()
    expect(await new TestClient(urlOf(server, '/other')).refused).toBe(404)

    const taken = new Promise((resolve) =>
      http.on('upgrade', (request, socket) => {
        if (request.url !== '/other') return
        socket.destroy()
        resolve('taken')
      }),
    )
    const other = new TestClient(urlOf(server, '/other'))
    expect(await taken).toBe('taken')
    await other.closed

    const before = http.listenerCount('upgrade')
    await server.close()
    expect(http.listenerCount('upgrade')).toBe(before - 1)
    expect(http.listening).toBe(true)
    const { port } = http.address() as AddressInfo
    const [response] = (await once(get({ port, host: '127.0.0.1' }), 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(200)
    http.close()
    http.closeAllConnections()
    await once(http, 'close')
  })

  test('an HTTPS server will do', async () => {
    const https = createHttpsServer({ cert, key }).listen(0, '127.0.0.1')
    await once(https, 'listening')
    const server = await createSignalingServer({ server: https })
    const url = `wss://127.0.0.1:${(https.address() as AddressInfo).port}/`
    const [alice, bob] = [new TestClient(url, { ca: cert }), new TestClient(url, { ca: cert })]
    for (const client of [alice, bob]) {
      expect(await client.next()).toMatchObject({ type: 'welcome' })
      client.say({ type: 'join', channel: 'room' })
      expect(await client.next()).toMatchObject({ type: 'joined' })
    }
    expect(await alice.next()).toMatchObject({ type: 'peer-joined' })
    for (const data of ['short', 'x'.repeat(100_000)]) {
      alice.say({ type: 'message', data })
      expect(await bob.next()).toMatchObject({ type: 'message', data })
    }
    await server.close()
    https.close()
    await once(https, 'close')
  })

  test('or is handed upgrades by whoever routes them', async () => {
    const server = await createSignalingServer({ port: null })
    expect(server.address).toBeNull()
    const http = createServer()
    http.on('upgrade', (request, socket, head) => server.handleUpgrade(request, socket, head))
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    const { port } = http.address() as AddressInfo
    const client = new TestClient(`ws://127.0.0.1:${port}/`)
    expect(await client.next()).toMatchObject({ type: 'welcome' })
    await server.close()
    expect(await client.closed).toBe(1001)
    http.close()
    await once(http, 'close')
  })

  test('it does not also listen', async () => {
    await expect(createSignalingServer({ server: createServer(), port: 0 })).rejects.toThrow(TypeError)
  })
})

describe('closing', () => {
  test('says goodbye with 1001 and can be asked for twice', async () => {
    const server = await start()
    const clients = [await TestClient.join(server, 'alice'), await TestClient.join(server, 'bob')]
    const closed = server.close()
    expect(server.close()).toBe(closed)
    await closed
    expect(await Promise.all(clients.map((client) => client.closed))).toEqual([1001, 1001])
    expect([server.connections, server.channels, server.address]).toEqual([0, 0, null])
  })

  test('does not wait for a client that does not answer, nor for a hook', async () => {
    const hook = new DeferredHook()
    const server = await start({ beforeConnect: (request) => request.url !== '/slow' || hook.ask(request) })
    const deaf = await rawClient(server)
    const waiting = new TestClient(urlOf(server, '/slow'))
    await hook.asked
    await server.close()
    hook.answer(true)
    expect(await waiting.refused).toBe(503)
    deaf.socket.destroy()
  })

  test('without a port to listen on it takes 8080, where nobody else has it', async () => {
    const port = await createSignalingServer({ host: '127.0.0.1' }).then(
      async (server) => {
        const { port } = server.address ?? {}
        await server.close()
        return port
      },
      (error: unknown) => (error as { readonly port: number }).port,
    )
    expect(port).toBe(8080)
  })

  test('a port in use is the error of listen', async () => {
    const server = await start()
    await expect(
      createSignalingServer({ port: server.address!.port, host: '127.0.0.1' }),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})
