import { createServer, type Server, type Socket, connect } from 'node:net'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'

import { freePort } from '../../bytes/test/support/free-port.ts'
import { ServerProcess } from '../../signaling-server/test/support/fleet.ts'
import { hasRedis, RedisServer } from '../../signaling-server/test/support/redis-server.ts'
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

  async function serve(port = 0, url = redis.url): Promise<ServerProcess> {
    // Enough for what 16 messages on their way make in the seconds that a fault lasts.
    const limits = { resumeWithin: 20_000, heartbeat: 2_000, framesPerSecond: 5_000, loggedEvents: 10_000 }
    const process = await ServerProcess.start({ redis: url, beat: 100, port, limits })
    processes.push(process)
    return process
  }

  async function talk(count: number, urls: readonly [readonly string[], readonly string[]]): Promise<void> {
    for (let i = 0; i < count; i++) pairs.push(new BusyPair(`pair-${Math.random()}`, urls))
    await Promise.all(pairs.map((pair) => pair.start()))
    for (const pair of pairs) pair.talk()
  }

  async function settle(): Promise<Ledger> {
    await Promise.all(pairs.map((pair) => pair.finish()))
    const ledger = newLedger()
    for (const pair of pairs) pair.add(ledger)
    process.stdout.write(
      `${expect.getState().currentTestName?.split(') ')[1] ?? ''}: ${JSON.stringify({
        ...ledger,
        resumptions: pairs.reduce((sum, pair) => sum + pair.resumptions, 0),
        losses: pairs.reduce((sum, pair) => sum + pair.losses, 0),
      })}\n`,
    )
    expect(ledger).toMatchObject({ heardTwice: 0, outOfOrder: 0, lostSilently: 0 })
    expect(ledger.sent).toBe(ledger.confirmed + ledger.failed)
    return ledger
  }

  const pause = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, milliseconds))

  const until = async (condition: () => boolean): Promise<void> => {
    while (!condition()) await pause(20)
  }

  test('a process is killed: its clients resume at the other one, and nothing is lost', async () => {
    const [one, two] = [await serve(), await serve()]
    await talk(20, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    await pause(1_000)
    await one.kill()
    // A busy machine may make a server seem dead that is not: that is one resumption more.
    await until(() => pairs.every((pair) => pair.resumptions > 0))
    const ledger = await settle()
    expect(ledger.failed).toBe(0)
    expect(ledger.heard).toBe(ledger.sent)
    expect(pairs.reduce((sum, pair) => sum + pair.losses, 0)).toBe(0)
  })

  test('both processes restart one after the other, draining, and nothing is lost', async () => {
    const [one, two] = [await serve(await freePort()), await serve()]
    await talk(10, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    await pause(500)
    one.tell('drain')
    await one.exited
    await serve(one.port)
    await pause(700)
    two.tell('drain')
    await two.exited
    await pause(1_000)
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    expect(pairs.reduce((sum, pair) => sum + pair.losses, 0)).toBe(0)
  })

  test('a process stands still for so long that it counts as dead, and wakes up', async () => {
    const [one, two] = [await serve(), await serve()]
    await talk(10, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    await pause(500)
    one.signal('SIGSTOP')
    await pause(3_500)
    one.signal('SIGCONT')
    await pause(1_500)
    const ledger = await settle()
    expect(ledger.heard).toBeGreaterThan(ledger.sent / 2)
  })

  test('Redis is killed and comes back empty: who loses something is told', async () => {
    const own = await RedisServer.start()
    try {
      const [one, two] = [await serve(0, own.url), await serve(0, own.url)]
      await talk(20, [
        [one.url, two.url],
        [two.url, one.url],
      ])
      await pause(1_000)
      await own.kill()
      await pause(500)
      await own.start()
      await until(() => pairs.every((pair) => pair.losses >= 2))
      await settle()
      expect(pairs.every((pair) => pair.losses === 2)).toBe(true)
    } finally {
      await own.stop()
    }
  })

  test('Redis, which keeps its data on disk, is killed: what it may have forgotten is reported, too', async () => {
    const own = await RedisServer.start(true)
    try {
      const [one, two] = [await serve(0, own.url), await serve(0, own.url)]
      await talk(10, [
        [one.url, two.url],
        [two.url, one.url],
      ])
      await pause(1_000)
      await own.kill()
      await own.start()
      await pause(3_000)
      await settle()
    } finally {
      await own.stop()
    }
  })

  test('connections to Redis are cut again and again: nothing is lost', async () => {
    const proxy = await Proxy.start(redis.port)
    const [one, two] = [await serve(0, proxy.redisUrl), await serve(0, proxy.redisUrl)]
    await talk(10, [
      [one.url, two.url],
      [two.url, one.url],
    ])
    for (let i = 0; i < 10; i++) {
      await pause(200)
      proxy.cut()
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
    for (let i = 0; i < 8 || resumptions() <= 20; i++) {
      await pause(250)
      for (const proxy of proxies) proxy.cut(0.3)
    }
    for (const proxy of proxies) proxy.freeze(0.3)
    await pause(6_000)
    const ledger = await settle()
    expect([ledger.failed, ledger.heard]).toEqual([0, ledger.sent])
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })
})

if (!hasRedis) test.skip('redis-server is absent', () => {})

/** Hands bytes on between clients and a port, until it is told not to. */
class Proxy {
  readonly #server: Server
  readonly #links: Set<readonly [Socket, Socket]> = new Set()

  private constructor(port: number) {
    this.#server = createServer((client) => {
      const target = connect(port, '127.0.0.1')
      const link = [client, target] as const
      this.#links.add(link)
      for (const [from, to] of [link, [target, client] as const]) {
        from.on('data', (data) => void to.write(data))
        from.on('error', () => {})
        from.on('close', () => {
          to.destroy()
          this.#links.delete(link)
        })
      }
    })
  }

  static async start(port: number): Promise<Proxy> {
    const proxy = new Proxy(port)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get #port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/`
  }

  get redisUrl(): string {
    return `redis://127.0.0.1:${this.#port}`
  }

  /** Cuts a share of the connections; half of what was read last is handed on before. */
  cut(share = 1): void {
    for (const [client, target] of [...this.#links].filter(() => Math.random() < share)) {
      target.removeAllListeners('data')
      client.removeAllListeners('data')
      client.once('data', (data) => {
        target.write(data.subarray(0, data.length >> 1), () => client.destroy())
      })
      target.once('data', (data) => {
        client.write(data.subarray(0, data.length >> 1), () => target.destroy())
      })
      setTimeout(() => client.destroy(), 50)
    }
  }

  /** A share of the connections carries nothing any more, and neither end is told. */
  freeze(share: number): void {
    for (const [client, target] of [...this.#links].filter(() => Math.random() < share)) {
      client.removeAllListeners('data').resume()
      target.removeAllListeners('data').resume()
      client.removeAllListeners('close')
      target.removeAllListeners('close')
    }
  }

  async close(): Promise<void> {
    for (const [client, target] of this.#links) {
      client.destroy()
      target.destroy()
    }
    this.#server.close()
    await once(this.#server, 'close')
  }
}
