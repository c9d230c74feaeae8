import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'

import { ServerProcess } from '../../signaling-server/test/support/fleet.ts'
import { hasRedis, RedisServer } from '../../signaling-server/test/support/redis-server.ts'
import { Proxy } from './support/proxy.ts'
import { BusyPair, type Ledger, newLedger } from './support/traffic.ts'

/*
 * Pairs of clients talk through two processes that share a Redis, and things break. Every message is accounted for:
 * heard once and in order, or its sender or receiver was told of an error.
 */
const describeHere = hasRedis ? describe : describe.skip

describeHere('faults under load (skipped where redis-server is absent)', () => {
  let redis: RedisServer
  const processes: ServerProcess[] = []
  const pairs: BusyPair[] = []

  beforeAll(async () => {
    redis = await RedisServer.start()
  })
  afterEach(async () => {
    await Promise.all(pairs.splice(0).map((pair) => pair.close()))
    await Promise.all(processes.splice(0).map((process) => process.kill()))
  })
  afterAll(() => redis.stop())

  /** With a beat of a second none is taken for dead that is only slow. */
  async function serve(url = redis.url, beat = 1_000): Promise<ServerProcess> {
    // Enough for what 16 messages on their way make in the seconds that a fault lasts.
    const limits = { resumeWithin: 20_000, heartbeat: 2_000, framesPerSecond: 5_000, loggedEvents: 10_000 }
    const process = await ServerProcess.start({ redis: url, beat, limits })
    processes.push(process)
    return process
  }

  async function talk(count: number, urls: readonly [readonly string[], readonly string[]]): Promise<void> {
    for (let i = 0; i < count; i++) pairs.push(new BusyPair(`pair-${Math.random()}`, urls))
    await Promise.all(pairs.map((pair) => pair.start()))
    for (const pair of pairs) pair.talk()
    await hearMore()
  }

  /** Every pair goes on talking, or does so again. */
  const hearMore = async (): Promise<void> => {
    await Promise.all(pairs.map((pair) => pair.hearMore()))
  }

  const until = async (holds: (pair: BusyPair) => boolean): Promise<void> => {
    await Promise.all(pairs.map((pair) => pair.until(() => holds(pair))))
  }

  const losses = (): number => pairs.reduce((sum, pair) => sum + pair.losses, 0)

  async function settle(): Promise<Ledger> {
    await Promise.all(pairs.map((pair) => pair.finish()))
    const ledger = newLedger()
    for (const pair of pairs) pair.add(ledger)
    process.stdout.write(
      `${expect.getState().currentTestName?.split(') ')[1] ?? ''}: ${JSON.stringify({
        ...ledger,
        resumptions: pairs.reduce((sum, pair) => sum + pair.resumptions, 0),
        losses: losses(),
      })}\n`,
    )
    expect(ledger).toMatchObject({ heardTwice: 0, outOfOrder: 0, lostSilently: 0 })
    expect(ledger.sent).toBe(ledger.confirmed + ledger.failed)
    return ledger
  }

  test('a process is killed: its clients resume at the other one, and nothing is lost', async () => {
    const [one, two] = [await serve(), await serve()]
    await talk(20, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    await one.kill()
    await until(({ resumptions }) => resumptions > 0)
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    expect(losses()).toBe(0)
  })

  test('both processes restart one after the other, draining, and nothing is lost', async () => {
    const [one, two] = [await serve(), await serve()]
    const door = await Proxy.start(one.port)
    await talk(10, [
      [door.url, two.url],
      [two.url, door.url],
    ])
    one.tell('drain')
    await one.exited
    door.target = (await serve()).port
    await hearMore()
    two.tell('drain')
    await two.exited
    await hearMore()
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    expect(losses()).toBe(0)
    await door.close()
  })

  test('the clocks of a process jump, and nothing is lost', async () => {
    const [one, two] = [await serve(), await serve()]
    await talk(10, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    one.tell('jump')
    for (let i = 0; i < 5; i++) await hearMore()
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    expect(losses()).toBe(0)
  })

  test('a process stands still for so long that it counts as dead, and wakes up', async () => {
    const own = await RedisServer.start()
    try {
      const [one, two] = [await serve(own.url, 100), await serve(own.url, 100)]
      await talk(10, [
        [one.url, two.url],
        [two.url, one.url],
      ])
      one.signal('SIGSTOP')
      await own.untilKeys('*:n:*', 1)
      await hearMore()
      one.signal('SIGCONT')
      await own.untilKeys('*:n:*', 2)
      await hearMore()
      const ledger = await settle()
      expect(ledger.heard).toBeGreaterThan(ledger.sent / 2)
    } finally {
      await own.stop()
    }
  })

  test.each([
    ['comes back empty: who loses something', false],
    ['keeps its data on disk: what it may have forgotten', true],
  ])('Redis is killed and %s is told', async (_, isPersistent) => {
    const own = await RedisServer.start(isPersistent)
    try {
      const [one, two] = [await serve(own.url), await serve(own.url)]
      await talk(20, [
        [one.url, two.url],
        [two.url, one.url],
      ])
      await own.kill()
      await Promise.all([one.untilUnready(), two.untilUnready()])
      await own.start()
      await until((pair) => pair.losses >= 2)
      await settle()
      expect(pairs.every((pair) => pair.losses === 2)).toBe(true)
    } finally {
      await own.stop()
    }
  })

  test('connections to Redis are cut again and again: nothing is lost', async () => {
    const proxy = await Proxy.start(redis.port)
    const [one, two] = [await serve(proxy.redisUrl), await serve(proxy.redisUrl)]
    await talk(10, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    for (let i = 0; i < 10; i++) {
      proxy.cut()
      await hearMore()
    }
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    await proxy.close()
  })

  test('sockets are cut in the middle of frames, and some go dead without a word', async () => {
    const [one, two] = [await serve(), await serve()]
    const proxies = await Promise.all([one, two].map(({ port }) => Proxy.start(port)))
    const [first = '', second = ''] = proxies.map(({ url }) => url)
    await talk(10, [
      [first, second],
      [second, first],
    ])
    const resumptions = (): number => pairs.reduce((sum, pair) => sum + pair.resumptions, 0)
    while (resumptions() <= 20) {
      for (const proxy of proxies) proxy.cut(0.3)
      await hearMore()
    }
    for (const proxy of proxies) proxy.freeze()
    await hearMore()
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })
})

if (!hasRedis) test.skip('redis-server is absent', () => {})
