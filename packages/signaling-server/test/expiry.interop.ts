import { on } from 'node:events'

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { ErrorCode } from '@purertc/signaling-protocol'
import { createClient } from 'redis'

import { createSignalingServer, type SignalingServer } from '../src/index.ts'
import { connectRedisStore } from '../src/node/redis/index.ts'
import { type Fleet, type FleetOptions, startProcesses, startServers } from './support/fleet.ts'
import { hasRedis, RedisServer } from './support/redis-server.ts'
import { TestClient } from './test-client.ts'

/*
 * Processes that share a Redis are killed, and what they left there is nobody's: it must not stay. One process lives at a
 * time, so that none is taken for dead that is only slow.
 */
const describeHere = hasRedis ? describe : describe.skip

describeHere('what a dead process leaves in Redis (skipped where redis-server is absent)', () => {
  let redis: RedisServer
  const fleets: Fleet[] = []
  const clients: TestClient[] = []

  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
    await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()))
  })
  afterAll(() => redis.stop())

  /** `patience` is how long one that may come back is waited for. */
  const options = (patience: number): FleetOptions => ({ beat: 200, limits: { resumeWithin: patience } })

  async function connect({ urls: [url = ''] }: Fleet): Promise<TestClient> {
    const client = new TestClient(url)
    clients.push(client)
    expect(await client.next()).toMatchObject({ type: 'welcome' })
    return client
  }

  /** Enters a room, and says whom it finds there. */
  async function enter(
    fleet: Fleet,
    peer: string,
    resumable: boolean,
  ): Promise<readonly [TestClient, string[]]> {
    const client = await connect(fleet)
    client.say({ type: 'join', channel: 'room', peer, resumable })
    const joined = await client.next()
    if (joined.type !== 'joined') throw new Error(`join answered with ${joined.type}`)
    return [client, joined.members.map((member) => member.peer)]
  }

  /** A process that is killed with alice, who may come back, and carol, who may not, in the room. */
  async function die(): Promise<{ readonly alice: TestClient; readonly keys: readonly string[] }> {
    const fleet = await startProcesses(1, redis.url, options(500))
    const [alice] = await enter(fleet, 'alice', true)
    await enter(fleet, 'carol', false)
    expect(await alice.next()).toMatchObject({ type: 'peer-joined', peer: 'carol' })
    const keys = await redis.keys('*')
    await fleet.stop()
    return { alice, keys }
  }

  async function survive(patience = 500): ReturnType<typeof startServers> {
    const fleet = await startServers(1, redis.url, options(patience))
    fleets.push(fleet)
    return fleet
  }

  test('members that do not come back are out, for the others, for themselves and for Redis', async () => {
    const { alice, keys } = await die()
    const fleet = await survive()
    const [bob, members] = await enter(fleet, 'bob', false)
    const left: string[] = []
    while (left.length < members.length) {
      const frame = await bob.next()
      expect(frame).toMatchObject({ type: 'peer-left', count: members.length - left.length })
      if (frame.type === 'peer-left') left.push(frame.peer)
    }
    // Who cannot come back as soon as the process is found dead; the other when her time is over.
    expect(left).toEqual(members.toReversed())
    expect(await fleet.servers[0]?.membersOf('room')).toEqual(['bob'])
    const late = await connect(fleet)
    late.say({ type: 'resume', session: alice.session, seq: alice.seq })
    expect(await late.next()).toMatchObject({ type: 'error', code: ErrorCode.resumeFailed })
    const [, again] = await enter(fleet, 'alice', false)
    expect(again).toEqual(['bob'])
    // The process, its inbox, its list of sessions, and the sessions: none is kept for ever.
    const own = keys.filter((key) => /:[nims]:/.test(key))
    expect(own.map((key) => key.split(':')[2]).toSorted()).toEqual(['i', 'm', 'n', 's', 's'])
    const kept = await redis.keys('*')
    expect(own.filter((key) => kept.includes(key))).toEqual([])
  })

  test('a channel of which nobody comes back is gone, and its name begins anew', async () => {
    await die()
    const fleet = await survive()
    await untilGone(fleet.servers[0] as SignalingServer, 'alice')
    expect((await redis.keys('*')).filter((key) => /:[adlps]:/.test(key))).toEqual([])
    const [, members] = await enter(fleet, 'bob', false)
    expect(members).toEqual([])
  })

  test('what a process hands over to one that has no server yet waits for it', async () => {
    const store = await connectRedisStore({ redis: { url: redis.url }, beat: 50 })
    const fleet = await startServers(1, redis.url, options(60_000))
    const [alice] = await enter(fleet, 'alice', true)
    await untilBeats(redis, 3)
    await fleet.stop()
    await alice.closed
    const server = await createSignalingServer({ port: null, store, limits: { resumeWithin: 100 } })
    await untilGone(server, 'alice')
    await server.close()
  })

  test('a session of a dead process is taken up at another, and stays', async () => {
    const { alice } = await die()
    const fleet = await survive(60_000)
    const back = await connect(fleet)
    back.say({ type: 'resume', session: alice.session, seq: alice.seq })
    expect(await back.next()).toMatchObject({ type: 'resumed', peer: 'alice' })
    expect(await back.next()).toMatchObject({ type: 'peer-left', peer: 'carol', count: 1 })
    const [bob, members] = await enter(fleet, 'bob', false)
    expect(members).toEqual(['alice'])
    bob.say({ type: 'message', data: 'still there?', to: 'alice', id: 1 })
    expect(await bob.next()).toMatchObject({ type: 'delivered', delivered: true })
  })
})

if (!hasRedis) test.skip('redis-server is absent', () => {})

/** A member whose connection was another process's is out of its channel, where nobody is left. */
async function untilGone(server: SignalingServer, peer: string): Promise<void> {
  for await (const [, , name, count] of on(server, 'unsubscription') as AsyncIterable<
    [unknown, string, string, number]
  >)
    if (name === peer && count === 0) return
}

/** Every process that is alive has seen every other so often. */
async function untilBeats({ url }: RedisServer, count: number): Promise<void> {
  const client = await createClient({ url }).connect()
  const nodes = await client.keys('*:n:*')
  const beats = (): Promise<number[]> =>
    Promise.all(nodes.map(async (key) => Number(await client.hGet(key, 'beat'))))
  const before = await beats()
  const hasBeaten = (now: readonly number[]): boolean =>
    now.filter((beat, at) => beat >= (before[at] ?? 0) + count).length === 2
  while (!hasBeaten(await beats())) await new Promise((resolve) => setTimeout(resolve, 20))
  await client.close()
}
