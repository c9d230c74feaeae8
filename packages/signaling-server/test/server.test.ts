import { once } from 'node:events'
import { createServer, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'

import { afterEach, describe, expect, jest, test } from '@jest/globals'
import { CloseCode, ErrorCode, subprotocol } from '@purertc/signaling-protocol'

import { stopClock } from '../../bytes/test/support/still-clock.ts'
import { createSignalingServer, type SignalingServer, type SignalingServerOptions } from '../src/index.ts'
import { rawClient, upgradeRequest } from './raw-client.ts'
import { TestClient, urlOf } from './test-client.ts'

const open: SignalingServer[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()))
})

async function start(options: SignalingServerOptions = {}): Promise<SignalingServer> {
  const server = await createSignalingServer({ port: 0, host: '127.0.0.1', ...options })
  open.push(server)
  return server
}

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

describe('admission', () => {
  test('needs the sub-protocol', async () => {
    const server = await start()
    expect(await new TestClient(urlOf(server), { protocols: [] }).refused).toBe(400)
    expect(await new TestClient(urlOf(server), { protocols: 'v2.signaling.purertc' }).refused).toBe(400)
    const client = new TestClient(urlOf(server), { protocols: ['x', subprotocol] })
    expect(await client.next()).toMatchObject({ type: 'welcome' })
    expect(client.socket.protocol).toBe(subprotocol)
  })

  test('needs the path', async () => {
    const server = await start({ path: '/signaling' })
    expect(await new TestClient(urlOf(server, '/')).refused).toBe(404)
    expect(await new TestClient(urlOf(server, '/signaling/x')).refused).toBe(404)
    expect(await new TestClient(urlOf(server, '/signaling?x=1')).next()).toMatchObject({ type: 'welcome' })
  })

  test('checks origins of pages by a list', async () => {
    const server = await start({ origins: ['https://good.example'] })
    expect(await new TestClient(urlOf(server), { origin: 'https://evil.example' }).refused).toBe(403)
    await TestClient.open(server, 'https://good.example')
    await TestClient.open(server)
  })

  test('checks origins by a function', async () => {
    const server = await start({ origins: (origin) => origin?.endsWith('.example') === true })
    expect(await new TestClient(urlOf(server)).refused).toBe(403)
    await TestClient.open(server, 'https://any.example')
  })

  const broken = (): never => {
    throw new Error('broken')
  }
  test.each<[string, () => boolean | Promise<boolean>, number]>([
    ['false', () => false, 403],
    ['a promise of false', () => Promise.resolve(false), 403],
    ['a throw', broken, 500],
    ['a rejection', () => Promise.reject(new Error('broken')), 500],
  ])('refuses where beforeConnect gives %s', async (_, beforeConnect, status) => {
    const server = await start({ beforeConnect })
    expect(await new TestClient(urlOf(server)).refused).toBe(status)
    expect(server.connections).toBe(0)
  })

  test('waits for beforeConnect', async () => {
    const hook = new DeferredHook()
    const server = await start({ beforeConnect: hook.ask })
    const client = new TestClient(urlOf(server, '/?token=1'))
    expect((await hook.asked).url).toBe('/?token=1')
    hook.answer(true)
    expect(await client.next()).toMatchObject({ type: 'welcome' })
  })

  test('stops at the limit of connections', async () => {
    const server = await start({ limits: { connections: 2 } })
    const first = await TestClient.open(server)
    await TestClient.open(server)
    expect(await new TestClient(urlOf(server)).refused).toBe(503)
    const gone = once(server, 'disconnect')
    await first.close()
    await gone
    await TestClient.open(server)
  })

  test('a request that is no upgrade is told so', async () => {
    const server = await start()
    const [response] = (await once(get(urlOf(server).replace('ws', 'http')), 'response')) as [IncomingMessage]
    response.resume()
    expect(response.statusCode).toBe(426)
  })
})

describe('joins', () => {
  test('are decided by beforeSubscription', async () => {
    const server = await start({
      beforeSubscription: async ({ channel, peer, token, metadata, client }) =>
        token === `${client.id}-${channel}-${peer ?? ''}-${JSON.stringify(metadata)}`,
    })
    const client = await TestClient.open(server)
    client.say({ type: 'join', channel: 'room', peer: 'alice', token: 'guess', id: 1 })
    expect(await client.next()).toMatchObject({ type: 'error', code: ErrorCode.joinRefused, id: 1 })
    client.say({
      type: 'join',
      channel: 'room',
      peer: 'alice',
      metadata: [1],
      token: '1-room-alice-[1]',
      id: 2,
    })
    expect(await client.next()).toMatchObject({ type: 'joined', id: 2 })
  })

  test('are refused where the hook fails', async () => {
    const server = await start({
      beforeSubscription: () => {
        throw new Error('no database')
      },
    })
    const failed = once(server, 'error')
    const client = await TestClient.open(server)
    client.say({ type: 'join', channel: 'room' })
    expect(await client.next()).toMatchObject({ type: 'error', code: ErrorCode.joinRefused })
    expect(await failed).toMatchObject([{ message: 'no database' }])
  })

  test('are refused for a taken name and a full channel', async () => {
    const server = await start({ limits: { members: 2 } })
    await TestClient.join(server, 'alice')
    const bob = await TestClient.open(server)
    bob.say({ type: 'join', channel: 'room', peer: 'alice' })
    expect(await bob.next()).toMatchObject({ code: ErrorCode.peerTaken })
    await TestClient.join(server, 'carol')
    bob.say({ type: 'join', channel: 'room', peer: 'bob' })
    expect(await bob.next()).toMatchObject({ code: ErrorCode.channelFull })
  })
})

describe('hostile clients', () => {
  test('5,000 bad frames leave the other members as they were', async () => {
    const server = await start({ limits: { burst: 20_000 } })
    const [mallory, alice] = [
      await TestClient.join(server, 'mallory'),
      await TestClient.join(server, 'alice'),
    ]
    const bob = await TestClient.join(server, 'bob')
    await Promise.all([mallory.untilPong(), alice.untilPong()])
    const noise = [
      'x',
      '',
      '{}',
      '[',
      '{"type":"message"}',
      '{"type":"remote-close","peer":"alice"}',
      '{"type":"message","data":1,"to":9}',
      '{"type":"join","channel":"room","peer":"alice"}',
      `{"type":"candidate","candidate":"${'x'.repeat(500)}"}`,
      '['.repeat(2_000),
      '{"type":"description","description":{"type":"offer"},"from":"bob"}',
    ]
    for (let i = 0; i < 5_000; i++) {
      if (i % 50 === 0) mallory.socket.send(Uint8Array.of(1, 2, 3))
      else mallory.socket.send(noise[i % noise.length]!)
      if (i % 500 === 0) alice.say({ type: 'message', to: 'bob', data: i })
    }
    const answers = await mallory.untilPong()
    expect(answers).toHaveLength(5_000)
    expect(new Set(answers.map((answer) => answer.type))).toEqual(new Set(['error']))
    expect((await bob.untilPong()).map((frame) => (frame.type === 'message' ? frame.data : frame))).toEqual(
      Array.from({ length: 10 }, (_, i) => i * 500),
    )
    expect(await alice.untilPong()).toEqual([])
  })

  test('a flood is closed with 4429', async () => {
    stopClock()
    const server = await start({ limits: { framesPerSecond: 1, burst: 50 } })
    const mallory = await TestClient.join(server, 'mallory')
    const alice = await TestClient.join(server, 'alice')
    for (let i = 0; i < 5_000; i++) mallory.say({ type: 'message', data: i })
    expect(await mallory.closed).toBe(CloseCode.rateLimited)
    const heard = await alice.untilPong()
    expect(heard.length).toBeLessThanOrEqual(50)
    expect(heard.at(-1)).toEqual({ type: 'peer-left', peer: 'mallory', count: 1 })
  })

  test('a giant frame is closed with 1009', async () => {
    const server = await start()
    const disconnected = once(server, 'disconnect') as Promise<[unknown, number]>
    const mallory = await TestClient.join(server, 'mallory')
    const alice = await TestClient.join(server, 'alice')
    mallory.socket.send(`{"type":"message","data":"${'x'.repeat(262_144)}"}`)
    expect(await mallory.closed).toBe(CloseCode.frameTooLarge)
    expect((await disconnected)[1]).toBe(CloseCode.frameTooLarge)
    expect(await alice.next()).toMatchObject({ type: 'peer-left' })
  })

  test('the largest frame allowed gets through', async () => {
    const server = await start({ limits: { keptLength: 1 } })
    const alice = await TestClient.join(server, 'alice')
    const bob = await TestClient.join(server, 'bob')
    await alice.next()
    const data = 'x'.repeat(262_144 - '{"type":"message","data":""}'.length)
    alice.say({ type: 'message', data })
    expect(await bob.next()).toEqual({ type: 'message', from: 'alice', data })
  })

  test('bytes that are no UTF-8 are closed with 1007', async () => {
    const server = await start()
    const mallory = await TestClient.join(server, 'mallory')
    mallory.socket.send(Uint8Array.of(0xff, 0xfe), { binary: false })
    expect(await mallory.closed).toBe(1007)
  })

  test('who does not read is cut off, and the others go on', async () => {
    const server = await start({ limits: { sendBuffer: 100_000, burst: 10_000 } })
    const disconnected = once(server, 'disconnect') as Promise<[{ peer?: string }, number]>
    const alice = await TestClient.join(server, 'alice')
    const bob = await TestClient.join(server, 'bob')
    const slow = await rawClient(server)
    slow.send({ type: 'join', channel: 'room', peer: 'slow' })
    await new Promise((resolve) => server.once('subscription', resolve))
    slow.socket.pause()
    const data = 'x'.repeat(200_000)
    let isCut = false
    void disconnected.then(() => (isCut = true))
    while (!isCut) {
      alice.say({ type: 'message', data })
      await alice.untilPong()
    }
    expect((await disconnected)[1]).toBe(CloseCode.slowReader)
    slow.socket.destroy()
    const heard = await bob.untilPong()
    expect(heard.at(-1)).toMatchObject({ type: 'peer-left', peer: 'slow' })
  })

  test('a dead socket is cut after two heartbeats, a live one stays', async () => {
    stopClock()
    const server = await start({ limits: { heartbeat: 150 } })
    const disconnected = once(server, 'disconnect') as Promise<[{ id: number }, number]>
    const alice = await TestClient.join(server, 'alice')
    const dead = await rawClient(server)
    let isCut = false
    void disconnected.then(() => (isCut = true))
    for (let waited = 0; !isCut && waited < 3 * 150; waited += 10) {
      jest.advanceTimersByTime(10)
      // What the server asked alice by then she has answered when this comes back, long before she is asked again.
      alice.socket.ping()
      await once(alice.socket, 'pong')
    }
    expect(isCut).toBe(true)
    const [peer, code] = await disconnected
    expect([peer.id, code]).toEqual([2, CloseCode.heartbeatTimeout])
    expect(await alice.untilPong()).toEqual([])
    dead.socket.destroy()
  })

  test('a socket that breaks off in the middle of an upgrade, or of a frame, harms nobody', async () => {
    const hook = new DeferredHook()
    const server = await start({ beforeConnect: (request) => request.url !== '/slow' || hook.ask(request) })
    const early = connect(server.address!.port, '127.0.0.1')
    early.write(upgradeRequest('/slow'))
    const { socket } = await hook.asked
    const closed = new Promise((resolve) => socket.once('close', resolve))
    early.resetAndDestroy()
    await closed
    hook.answer(true)

    const late = await rawClient(server)
    const gone = once(server, 'disconnect')
    late.socket.write(Uint8Array.of(0x81, 0xfe, 0xff))
    late.socket.resetAndDestroy()
    await gone
    await TestClient.open(server)
    expect(server.connections).toBe(1)
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

  test('or is handed upgrades by whoever routes them', async () => {
    const server = await createSignalingServer()
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

  test('a port in use is the error of listen', async () => {
    const server = await start()
    await expect(
      createSignalingServer({ port: server.address!.port, host: '127.0.0.1' }),
    ).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})

/** A hook that says when it is asked, and answers when it is told to. */
class DeferredHook {
  readonly asked: Promise<IncomingMessage>
  answer: (yes: boolean) => void = () => {}
  #ask: (request: IncomingMessage) => void = () => {}

  constructor() {
    this.asked = new Promise((resolve) => (this.#ask = resolve))
  }

  readonly ask = (request: IncomingMessage): Promise<boolean> => {
    this.#ask(request)
    return new Promise((resolve) => (this.answer = resolve))
  }
}
