import { type ChildProcess, spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

import { afterEach, describe, expect, test } from '@jest/globals'
import { type TransportAddress, transportAddress } from '@purertc/stun'
import { discoverMappedAddress } from '@purertc/stun/node'

import { createTurnClient, type NodeTurnClient } from '../src/node/index.ts'
import { certificateFiles } from './coturn.ts'
import { cert } from './vectors/localhost-certificate.ts'

const cleanUps: (() => unknown)[] = []
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0)) cleanUp()
})

/** The program on free ports of loopback. */
class Program {
  readonly child: ChildProcess
  /** By transport. */
  readonly #ports: ReadonlyMap<string, number>
  readonly #figures: string
  readonly #clients: NodeTurnClient[] = []

  private constructor(child: ChildProcess, ports: ReadonlyMap<string, number>, figures: string) {
    this.child = child
    this.#ports = ports
    this.#figures = figures
  }

  /** Resolves when it listens on so many ports and tells its figures. */
  static async start(ports: number, ...flags: string[]): Promise<Program> {
    const entry = new URL('../src/node/bin/main.ts', import.meta.url).pathname
    const program = ['--conditions=@purertc/source', '--import', 'tsx', entry]
    const own = ['--address', '127.0.0.1', '--port', '0', '--tls-port', '0', '--metrics-port', '0']
    const child = spawn(process.execPath, [...program, ...own, '--user', 'ann:secret', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    cleanUps.push(() => child.kill('SIGKILL'))
    if (child.stdout === null) throw new Error('no output')
    const found = new Map<string, number>()
    let figures = ''
    for await (const line of createInterface(child.stdout)) {
      const [, transport, port] = /^listening (\w+) 127\.0\.0\.1:(\d+)$/.exec(line) ?? []
      if (transport !== undefined) found.set(transport, Number(port))
      figures = /^figures at (\S+)$/.exec(line)?.[1] ?? figures
      if (found.size === ports && figures !== '') return new Program(child, found, figures)
    }
    throw new Error('the program did not start; it says above why')
  }

  at(transport: string): TransportAddress {
    return transportAddress('127.0.0.1', this.#ports.get(transport) ?? 0)
  }

  /** A client, which {@link Program.stop} closes. */
  async client(transport = 'udp'): Promise<NodeTurnClient> {
    const { port } = this.at(transport)
    const server =
      transport === 'dtls'
        ? `turns:localhost:${port}?transport=udp`
        : `turn:127.0.0.1:${port}?transport=${transport}`
    const account = { username: 'ann', password: 'secret' }
    const client = await createTurnClient({ server, serverFamily: 'IPv4', tls: { ca: cert }, ...account })
    this.#clients.push(client)
    return client
  }

  /** So many clients, in more processes than one. */
  async clients(count: number, transport = 'udp'): Promise<NodeTurnClient[]> {
    const clients: NodeTurnClient[] = []
    while (clients.length < count) clients.push(await this.client(transport))
    while (new Set(clients.map(processOf)).size < 2) {
      await clients.shift()?.close()
      clients.push(await this.client(transport))
    }
    return clients
  }

  async figure(name: string): Promise<number> {
    const response = await fetch(this.#figures)
    const text = await response.text()
    const line = text.split('\n').find((candidate) => candidate.startsWith(`${name} `))
    return line === undefined ? 0 : Number(line.slice(name.length))
  }

  /** The processes that serve. */
  get workers(): number[] {
    const { pid = 0 } = this.child
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return children.trim().split(' ').map(Number)
  }

  async closeClients(): Promise<void> {
    await Promise.all(this.#clients.splice(0).map((client) => client.close()))
  }

  /** By the signal that ends services. */
  async stop(): Promise<void> {
    await this.closeClients()
    const exited = once(this.child, 'exit')
    this.child.kill('SIGTERM')
    expect(await exited).toEqual([0, null])
  }
}

/** Of two, by the ranges of their relays. */
function processOf(client: NodeTurnClient): number {
  return addressOf(client).port < 57_344 ? 0 : 1
}

function addressOf({ relayedAddress }: NodeTurnClient): TransportAddress {
  if (relayedAddress === null) throw new Error('no relayed address')
  return relayedAddress
}

/** Each sends to the next one, over both relays, until it has an answer: permissions take their time. */
async function talkInTurn(clients: readonly NodeTurnClient[]): Promise<void> {
  for (const [i, client] of clients.entries()) {
    const next = clients[(i + 1) % clients.length]
    if (next === undefined) throw new Error('no client')
    const [here, there] = [addressOf(client), addressOf(next)]
    client.createPermission(there)
    next.createPermission(here)
    const echo = (data: Uint8Array, from: TransportAddress): void => next.send(from, data)
    next.on('message', echo)
    const sending = setInterval(() => client.send(there, Uint8Array.of(i)), 20)
    // Answers to the one before may still arrive.
    for await (const [data, from] of on(client, 'message') as AsyncIterable<[Uint8Array, TransportAddress]>)
      if (data[0] === i && from.port === there.port) break
    clearInterval(sending)
    next.off('message', echo)
  }
}

test('one command brings STUN, TURN and figures up, and a signal ends it', async () => {
  const program = await Program.start(2, '--allow-loopback-peers')
  expect((await discoverMappedAddress(`stun:127.0.0.1:${program.at('udp').port}`)).address).toBe('127.0.0.1')
  const client = await program.client('tcp')
  expect(await program.figure('turn_allocations')).toBe(1)
  expect(client.relayedAddress?.address).toBe('127.0.0.1')
  await program.stop()
}, 60_000)

describe('several processes', () => {
  test('share a port: clients of different ones talk by a stream between these', async () => {
    const program = await Program.start(2, '--allow-loopback-peers', '--processes', '2')
    const clients = await program.clients(8)
    expect(new Set(clients.map((client) => addressOf(client).port)).size).toBe(8)
    await talkInTurn(clients)
    expect(await program.figure('turn_allocations')).toBe(8)
    expect(await program.figure('turn_siblings_datagrams_total{outcome="relayed"}')).toBeGreaterThan(1)
    await program.closeClients()
    expect(await program.figure('turn_allocations')).toBe(0)
    await program.stop()
  }, 60_000)

  test('all of them take DTLS', async () => {
    const { flags, remove } = certificateFiles()
    cleanUps.push(remove)
    const own = flags.flatMap((flag) => flag.replace('--pkey', '--key').split('='))
    const program = await Program.start(4, '--allow-loopback-peers', '--processes', '2', ...own)
    const clients = await program.clients(6, 'dtls')
    await talkInTurn(clients)
    await program.stop()
  }, 60_000)

  test('count a user’s allocations together', async () => {
    const program = await Program.start(2, '--processes', '2', '--allocations-per-user', '6')
    const clients: NodeTurnClient[] = []
    for (let i = 0; i < 6; i++) clients.push(await program.client())
    for (let i = 0; i < 4; i++) await expect(program.client()).rejects.toMatchObject({ code: 486 })
    await expect(program.client('tcp')).rejects.toMatchObject({ code: 486 })
    await clients.pop()?.close()
    clients.push(await program.client())
    await program.stop()
  }, 60_000)

  test('one that dies is replaced; clients of the others stay with theirs', async () => {
    const program = await Program.start(2, '--allow-loopback-peers', '--processes', '2')
    const clients = await program.clients(8)
    const [victim = 0, survivor] = program.workers
    const lost = new Promise<void>((resolve) => {
      const looking = setInterval(() => {
        if (program.workers.length < 2 || program.workers.includes(victim)) return
        clearInterval(looking)
        resolve()
      }, 20)
    })
    process.kill(victim, 'SIGKILL')
    await lost
    expect(program.workers).toContain(survivor)
    const left = clients.filter((client) => processOf(client) === 1)
    await talkInTurn([...left, ...(await program.clients(2))])
    await program.stop()
  }, 60_000)
})
