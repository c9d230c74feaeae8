/**
 * `node --import tsx --conditions=@purertc/source packages/signaling-server/bench/relay.ts [--seconds 4] [--pairs 1000]
 *  [--windows 1,8] [--rounds 2] [--held 0] [--only purertc,bare,peer,net,redis] [--profiles FOLDER]`
 *
 * The signalling server, a bare relay on `ws` and the PeerJS server, turn by turn in one run: connections held and what
 * each costs, and messages relayed between busy pairs. `net` is the floor: sockets of `node:net` that are handed on what
 * the other one brought, unread. `redis` is two processes that share a redis-server.
 */
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'

import { hasRedis, RedisServer } from '../test/support/redis-server.ts'
import { BusyClient } from './busy-client.ts'
import { type Dialect, dialects } from './dialects.ts'
import { redisCpu } from './redis-cpu.ts'
import { ServerUnderTest } from './server-under-test.ts'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    pairs: { type: 'string', default: '1000' },
    windows: { type: 'string', default: '1,8' },
    rounds: { type: 'string', default: '2' },
    held: { type: 'string', default: '0' },
    only: { type: 'string', default: 'purertc,bare,peer,net,redis' },
    profiles: { type: 'string' },
  },
})
const seconds = Number(options.seconds)
const pairs = Number(options.pairs)
const held = Number(options.held)
const names = options.only.split(',')

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

async function connect(port: number, dialect: Dialect, pair: number, side: number): Promise<BusyClient> {
  const client = new BusyClient(port, dialect.framing, dialect.path(pair, side), dialect.protocol)
  await new Promise<void>((resolve) => (client.onOpen = resolve))
  dialect.enter(client, pair, side)
  return client
}

/** Opens connections that then say nothing. */
async function hold(name: string, dialect: Dialect): Promise<void> {
  const server = await ServerUnderTest.start([name])
  const before = await server.usage()
  const clients: BusyClient[] = []
  let lost = 0
  for (let i = 0; i < held; i += 100) {
    const some = Array.from({ length: Math.min(100, held - i) }, (_, at) =>
      connect(server.port, dialect, i + at, 0),
    )
    clients.push(...(await Promise.all(some)))
  }
  for (const client of clients) client.onClose = () => lost++
  await pause(2_000)
  const after = await server.usage()
  const kib = (after.rss - before.rss) / 1_024 / held
  console.log(`${name}: ${clients.length - lost} connections held, ${kib.toFixed(1)} KiB each`)
  for (const client of clients) client.close()
  await server.stop()
}

interface Result {
  readonly rate: number
  readonly p50: number
  readonly p99: number
  /** Microseconds of the servers' processor time a message. */
  readonly cpu: number
  /** Of the clients'. */
  readonly clientCpu: number
  /** How much of one processor each server has used, and the clients. */
  readonly load: number
  readonly clientLoad: number
  /** And all else on the machine, which disturbs. */
  readonly otherLoad: number
}

/** Milliseconds of processor time that the machine has used. */
function machineCpu(): number {
  return cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0)
}

/** Connects clients that answer each message with another one, and tells how long each was on its way. */
async function openPairs(
  servers: readonly ServerUnderTest[],
  dialect: Dialect,
  arrived: (after: number) => void,
): Promise<readonly BusyClient[]> {
  const clients: BusyClient[] = []
  for (let pair = 0; pair < pairs; pair++) {
    for (const side of [0, 1]) {
      const client = await connect(servers[side % servers.length]?.port ?? 0, dialect, pair, side)
      clients.push(client)
      let heard = 0
      client.onText = (text) => {
        const at = dialect.timeOf(text)
        if (at === undefined) return
        const now = performance.now()
        arrived(now - at)
        const message = dialect.message(now, pair, side)
        if (++heard % 16 === 0 && dialect.acknowledgement !== undefined)
          client.send(dialect.acknowledgement(text), message)
        else client.send(message)
      }
    }
  }
  return clients
}

/** Every client of every pair keeps so many messages under way. */
async function relay(servers: readonly ServerUnderTest[], dialect: Dialect, window: number): Promise<Result> {
  let count = 0
  let isMeasuring = false
  const latencies: number[] = []
  const clients = await openPairs(servers, dialect, (after) => {
    if (isMeasuring && ++count % 16 === 0) latencies.push(after)
  })
  await pause(1_000)
  for (let pair = 0; pair < pairs; pair++)
    for (let i = 0; i < window; i++) clients[2 * pair]?.send(dialect.message(performance.now(), pair, 0))
  await pause(1_500)
  const cpu = async (): Promise<number> => {
    const usages = await Promise.all(servers.map((server) => server.usage()))
    return usages.reduce((sum, usage) => sum + usage.cpu, 0)
  }
  const before = await cpu()
  const ownBefore = process.cpuUsage()
  const machineBefore = machineCpu()
  const started = performance.now()
  isMeasuring = true
  await pause(seconds * 1_000)
  isMeasuring = false
  const elapsed = performance.now() - started
  const clientCpu = process.cpuUsage(ownBefore)
  const own = (clientCpu.user + clientCpu.system) / 1_000
  const machine = machineCpu() - machineBefore
  const used = (await cpu()) - before
  for (const client of clients) client.close()
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
  return {
    rate: (count / elapsed) * 1_000,
    p50: at(0.5),
    p99: at(0.99),
    cpu: (used * 1_000) / count,
    clientCpu: (own * 1_000) / count,
    load: used / elapsed / servers.length,
    clientLoad: own / elapsed,
    otherLoad: (machine - used - own) / elapsed,
  }
}

function show(name: string, result: Result, more = ''): void {
  const { rate, p50, p99, cpu, clientCpu, load, clientLoad, otherLoad } = result
  const figures = [
    `${Math.round(rate).toLocaleString('en')} messages/s`,
    `p50 ${p50.toFixed(1)} ms`,
    `p99 ${p99.toFixed(1)} ms`,
    `${cpu.toFixed(1)} µs of server CPU a message (${(100 * load).toFixed(0)} % of a core)`,
    `${clientCpu.toFixed(1)} µs of the clients' (${(100 * clientLoad).toFixed(0)} %)`,
    `all else ${(100 * Math.max(0, otherLoad)).toFixed(0)} %${more}`,
  ]
  console.log(`${name}: ${figures.join(', ')}`)
}

async function relayThroughRedis(window: number): Promise<void> {
  const redis = await RedisServer.start()
  const args = ['purertc-redis', redis.url]
  const servers = [
    await ServerUnderTest.start(args, options.profiles),
    await ServerUnderTest.start(args, options.profiles),
  ]
  const before = await redisCpu(redis.url)
  const result = await relay(servers, dialects['purertc']!, window)
  const used = (await redisCpu(redis.url)) - before
  // What it did before and after the seconds that count is in it.
  show('two processes with Redis', result, `, Redis ${used.toFixed(0)} ms in all`)
  for (const server of servers) await server.stop()
  await redis.stop()
}

for (const name of names) {
  const dialect = dialects[name]
  if (held > 0 && dialect !== undefined) await hold(name, dialect)
}
if (seconds > 0)
  for (const window of options.windows.split(',').map(Number)) {
    console.log(`\n${pairs} busy pairs, ${window} under way in each, ${seconds} s a round`)
    for (let round = 1; round <= Number(options.rounds); round++)
      for (const name of names) {
        const dialect = dialects[name]
        if (dialect !== undefined) {
          const server = await ServerUnderTest.start([name], options.profiles)
          show(`${name} (round ${round})`, await relay([server], dialect, window))
          await server.stop()
        } else if (hasRedis) await relayThroughRedis(window)
      }
  }
process.exit(0)
