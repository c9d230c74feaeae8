import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'
import { createClient } from 'redis'

import { connectRedisStore } from '../src/node/redis/index.ts'
import { type Fleet, type FleetOptions, startServers } from './support/fleet.ts'
import { hasRedis, RedisServer } from './support/redis-server.ts'
import { TestClient } from './test-client.ts'

/* What Redis keeps is bounded, and what nobody asks for any more goes. */
const describeHere = hasRedis ? describe : describe.skip

describeHere('what is kept in Redis (skipped where redis-server is absent)', () => {
  let redis: RedisServer
  let fleet: Fleet | undefined
  const clients: TestClient[] = []

  beforeEach(async () => {
    redis = await RedisServer.start()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await fleet?.stop()
    fleet = undefined
    await redis.stop()
  })

  async function serve(limits: FleetOptions['limits'] = {}): Promise<void> {
    fleet = await startServers(1, redis.url, { limits: { burst: 5_000, ...limits } })
  }

  async function connect(): Promise<TestClient> {
    const client = new TestClient(fleet?.urls[0] ?? '')
    clients.push(client)
    await client.next()
    return client
  }

  async function enter(peer: string, channel = 'room'): Promise<TestClient> {
    const client = await connect()
    client.say({ type: 'join', channel, peer, resumable: true })
    expect(await client.next()).toMatchObject({ type: 'joined', peer })
    return client
  }

  test('is so many channels', async () => {
    await serve({ channels: 1 })
    await enter('alice')
    const bob = await connect()
    bob.say({ type: 'join', channel: 'another', id: 1 })
    expect(await bob.next()).toMatchObject({ code: ErrorCode.tooManyChannels, id: 1 })
  })

  test('is so much for a peer to come', async () => {
    await serve({ keptLength: 1_000 })
    const alice = await enter('alice')
    alice.say({ type: 'message', data: 'x'.repeat(600), id: 1 })
    expect(await alice.next()).toMatchObject({ type: 'delivered', id: 1 })
    alice.say({ type: 'message', data: 'x'.repeat(600), id: 2 })
    expect(await alice.next()).toMatchObject({ code: ErrorCode.bufferFull, id: 2 })
  })

  test('is so much for who is away', async () => {
    await serve({ loggedLength: 20_000 })
    const [alice, bob] = [await enter('alice'), await enter('bob')]
    bob.socket.terminate()
    await bob.closed
    for (let id = 1; id <= 10; id++) alice.say({ type: 'message', data: 'x'.repeat(10_000), id })
    for (let frame = await alice.next(); !('id' in frame && frame.id === 10);) frame = await alice.next()
    const back = await connect()
    const { session, seq } = bob
    back.say({ type: 'resume', session, seq, id: 1 })
    expect(await back.next()).toMatchObject({ code: ErrorCode.resumeFailed, id: 1 })
  })

  test('of a channel that ended goes after a while', async () => {
    await serve()
    const [alice] = [await enter('alice'), await enter('bob')]
    alice.say({ type: 'bye' })
    for (let frame = await alice.next(); frame.type !== 'left';) frame = await alice.next()
    const keys = [...(await redis.keys('*:c:*')), ...(await redis.keys('*:l:*'))]
    expect(keys).toHaveLength(2)
    const client = await createClient({ url: redis.url }).connect()
    for (const key of keys) expect(await client.pTTL(key)).toBeGreaterThan(0)
    await client.close()
  })

  test('of lives before goes, and nothing else', async () => {
    const client = await createClient({ url: redis.url }).connect()
    const others = ['purertc:mine', 'purertc:0123456789abc:x', 'another:0123456789ab:x']
    for (const key of ['purertc:0123456789ab:nodes', ...others]) await client.set(key, '')
    await client.close()
    const store = await connectRedisStore({ redis: { url: redis.url } })
    await redis.untilKeys('purertc:0123456789ab:*', 0)
    expect(await redis.keys('*')).toEqual(expect.arrayContaining(others))
    await store.close()
  })
})

if (!hasRedis) test.skip('redis-server is absent', () => {})
