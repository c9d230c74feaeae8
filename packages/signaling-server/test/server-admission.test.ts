import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

import { describe, expect, test } from '@jest/globals'
import { ErrorCode, subprotocol } from '@purertc/signaling-protocol'

import { DeferredHook } from './support/deferred-hook.ts'
import { serverStarter } from './support/start-server.ts'
import { TestClient, urlOf } from './test-client.ts'

const start = serverStarter()

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
