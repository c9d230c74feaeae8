/**
 * `node --import tsx --conditions=@purertc/source packages/signaling-server/bench/relay.ts [seconds] [pairs] [held]`
 *
 * The signalling server, a bare relay on `ws` and the PeerJS server, in one run: connections held and what each costs,
 * and messages relayed between busy pairs. With a redis-server on the machine also two processes that share it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { subprotocol } from '@purertc/signaling-protocol'

import { hasRedis, RedisServer } from '../test/support/redis-server.ts'
import { RawClient } from './raw-client.ts'

const seconds = Number(process.argv[2] ?? 8)
const pairs = Number(process.argv[3] ?? 1_000)
const held = Number(process.argv[4] ?? 10_000)

/** How two clients of a server find each other, and how one says something to the other. */
interface Dialect {
  readonly protocol?: string
  path(pair: number, side: number): string
  /** What to say when the connection opens. */
  enter(client: RawClient, pair: number, side: number): void
  message(at: number, pair: number, side: number): string
  /** What the client says after every sixteenth message that it heard. */
  acknowledge?(client: RawClient, text: Buffer): void
  /** The time that a message carries; undefined for other frames. */
  timeOf(text: Buffer): number | undefined
}

const filler = 'x'.repeat(100)
const stampIn = (text: Buffer): number | undefined => {
  const at = text.indexOf('"t":')
  return at < 0 ? undefined : Number.parseFloat(text.toString('latin1', at + 4, at + 24))
}

const purertc: Dialect = {
  protocol: subprotocol,
  path: () => '/',
  enter: (client, pair, side) =>
    client.send(JSON.stringify({ type: 'join', channel: `c${pair}`, peer: `p${side}`, resumable: true })),
  message: (at) => `{"type":"message","data":{"t":${at.toFixed(3)},"x":"${filler}"},"n":${++numbers}}`,
  acknowledge: (client, text) => {
    const seq = text.toString('latin1', text.lastIndexOf('"seq":') + 6, text.length - 1)
    client.send(`{"type":"ack","seq":${seq}}`)
  },
  timeOf: stampIn,
}
let numbers = 0

const bare: Dialect = {
  path: (pair) => `/${pair}`,
  enter: () => {},
  message: (at) => `{"type":"message","data":{"t":${at.toFixed(3)},"x":"${filler}"}}`,
  timeOf: stampIn,
}

const peerJs: Dialect = {
  path: (pair, side) => `/peerjs?key=peerjs&id=c${pair}-${side}&token=t${pair}${side}`,
  enter: () => {},
  message: (at, pair, side) =>
    `{"type":"OFFER","dst":"c${pair}-${1 - side}","payload":{"t":${at.toFixed(3)},"x":"${filler}"}}`,
  timeOf: stampIn,
}

class Server {
  readonly port: number
  readonly #child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  static async start(...args: readonly string[]): Promise<Server> {
    const program = fileURLToPath(new URL('./relay-process.ts', import.meta.url))
    const execArgv = ['--import', 'tsx', '--conditions=@purertc/source', '--expose-gc']
    const child = fork(program, args, { execArgv })
    const [{ port }] = (await once(child, 'message')) as [{ port: number }]
    return new Server(child, port)
  }

  async usage(): Promise<{ readonly rss: number; readonly cpu: number }> {
    this.#child.send('usage')
    const [usage] = (await once(this.#child, 'message')) as [{ rss: number; cpu: number }]
    return usage
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Opens connections that then say nothing. */
async function hold(name: string, dialect: Dialect): Promise<void> {
  const server = await Server.start(name)
  const before = await server.usage()
  const clients: RawClient[] = []
  let lost = 0
  for (let i = 0; i < held; i += 100) {
    await Promise.all(
      Array.from({ length: Math.min(100, held - i) }, (_, at) => {
        const client = new RawClient(server.port, dialect.path(i + at, 0), dialect.protocol)
        client.onClose = () => lost++
        clients.push(client)
        return new Promise<void>((resolve) => {
          client.onOpen = () => {
            dialect.enter(client, i + at, 0)
            resolve()
          }
        })
      }),
    )
  }
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
}

/** Every client of every pair keeps so many messages under way. */
async function relay(servers: readonly Server[], dialect: Dialect, window: number): Promise<Result> {
  const clients: RawClient[] = []
  let count = 0
  let isMeasuring = false
  const latencies: number[] = []
  for (let pair = 0; pair < pairs; pair++) {
    for (const side of [0, 1]) {
      const port = servers[side % servers.length]?.port ?? 0
      const client = new RawClient(port, dialect.path(pair, side), dialect.protocol)
      clients.push(client)
      let heard = 0
      client.onText = (text) => {
        const at = dialect.timeOf(text)
        if (at === undefined) return
        if (++heard % 16 === 0) dialect.acknowledge?.(client, text)
        if (isMeasuring) {
          count++
          if (count % 16 === 0) latencies.push(performance.now() - at)
        }
        client.send(dialect.message(performance.now(), pair, side))
      }
      await new Promise<void>((resolve) => {
        client.onOpen = () => {
          dialect.enter(client, pair, side)
          resolve()
        }
      })
    }
  }
  await pause(1_500)
  for (let pair = 0; pair < pairs; pair++)
    for (let i = 0; i < window; i++) clients[2 * pair]?.send(dialect.message(performance.now(), pair, 0))
  await pause(1_500)
  const cpu = async (): Promise<number> => {
    const usages = await Promise.all(servers.map((server) => server.usage()))
    return usages.reduce((sum, usage) => sum + usage.cpu, 0)
  }
  const before = await cpu()
  const started = performance.now()
  isMeasuring = true
  await pause(seconds * 1_000)
  isMeasuring = false
  const elapsed = performance.now() - started
  const used = (await cpu()) - before
  for (const client of clients) client.close()
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? NaN
  return { rate: (count / elapsed) * 1_000, p50: at(0.5), p99: at(0.99), cpu: (used * 1_000) / count }
}

function show(name: string, { rate, p50, p99, cpu }: Result): void {
  const figures = [
    `${Math.round(rate).toLocaleString('en')} messages/s`,
    `p50 ${p50.toFixed(1)} ms`,
    `p99 ${p99.toFixed(1)} ms`,
    `${cpu.toFixed(1)} µs of server CPU a message`,
  ]
  console.log(`${name}: ${figures.join(', ')}`)
}

const dialects = [
  ['purertc', purertc],
  ['bare', bare],
  ['peer', peerJs],
] as const

if (held > 0) for (const [name, dialect] of dialects) await hold(name, dialect)
if (false) {
  console.log(`\n${pairs} pairs, one message under way in each, ${seconds} s a round`)
  for (const round of [1, 2])
    for (const [name, dialect] of dialects) {
      const server = await Server.start(name)
      show(`${name} (round ${round})`, await relay([server], dialect, 1))
      await server.stop()
    }
  if (hasRedis) {
    const redis = await RedisServer.start()
    const servers = [
      await Server.start('purertc-redis', redis.url),
      await Server.start('purertc-redis', redis.url),
    ]
    console.log(
      `\n${pairs} pairs across two processes with Redis between them, eight messages under way in each`,
    )
    show('purertc-redis', await relay(servers, purertc, 8))
    for (const server of servers) await server.stop()
    await redis.stop()
  }
}
for (const w of [1,8,16]) {
  if (hasRedis) {
    const redis = await RedisServer.start()
    const servers = [
      await Server.start('purertc-redis', redis.url),
      await Server.start('purertc-redis', redis.url),
    ]
    console.log(
      `\n${pairs} pairs across two processes with Redis between them, eight messages under way in each`,
    )
    show('purertc-redis', await relay(servers, purertc, w))
    for (const server of servers) await server.stop()
    await redis.stop()
  }

}
process.exit(0)
