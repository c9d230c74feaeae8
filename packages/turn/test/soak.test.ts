import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { expect, test } from '@jest/globals'
import {
  ChannelNumber,
  Lifetime,
  type MessageBuilder,
  Method,
  type TransportAddress,
  transportAddress,
  XorPeerAddress,
} from '@purertc/stun'

import { eventually, stopClock } from '../../bytes/test/support/still-clock.ts'
import {
  createTurnClient,
  createTurnServer,
  type NodeTurnClient,
  type NodeTurnServer,
} from '../src/node/index.ts'
import { channelData } from './client-bench.ts'
import { peer, NOTHING, ServerBench } from './server-bench.ts'

const HOUR = 3_600_000

/** Sockets and other files that this process has open; -1 where the system does not tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return -1
  }
}

test('2,000 allocations are created, used and gone within a simulated day', () => {
  const bench = new ServerBench({ allocationsPerUser: Infinity })
  const staying: TransportAddress[] = []
  const keep = (client: TransportAddress): void =>
    expect(bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 3_600), client)).toBe(0)
  for (let hour = 0; hour < 24; hour++) {
    const clients = Array.from({ length: 84 }, (_, i) =>
      transportAddress('198.51.100.7', 10_000 + 84 * hour + i),
    )
    for (const client of clients) {
      bench.allocate(client, 3_600)
      const bind = (m: MessageBuilder): unknown => m.add(ChannelNumber, 0x4000).add(XorPeerAddress, peer)
      expect(bench.codeOf(Method.channelBind, bind, client)).toBe(0)
      bench.deliver(channelData(0x4000, Uint8Array.of(1)), client)
      bench.server.relayReceived(bench.now, bench.opened.at(-1)?.relay ?? 0, peer, Uint8Array.of(2))
      bench.toClients.pop()
    }
    // A third gives its allocation back, a third vanishes, and some of the rest stay for three hours.
    for (const [i, client] of clients.entries())
      if (i % 3 === 0) bench.codeOf(Method.refresh, (m) => m.add(Lifetime, 0), client)
      else if (i % 12 === 2) staying.push(client)
    if (hour >= 3) staying.splice(0, 7)
    for (let minute = 0; minute < 60; minute += 30) {
      for (const client of staying) keep(client)
      bench.advance(HOUR / 2)
    }
  }
  bench.advance(HOUR)
  expect(bench.events.filter((event) => event.startsWith('created'))).toHaveLength(24 * 84)
  expect(bench.events.filter((event) => event.startsWith('deleted'))).toHaveLength(24 * 84)
  expect(bench.server.relayed).toMatchObject({
    toPeers: { datagrams: 2_016 },
    toClient: { datagrams: 2_016 },
  })
  expect(bench.closed.toSorted((a, b) => a - b)).toEqual(bench.opened.map(({ relay }) => relay))
  expect(bench.server.load).toEqual(NOTHING)
  expect(bench.server.nextTimeout).toBe(Infinity)
}, 60_000)

test('500 allocations on loopback: sockets, ports and memory return to the start', async () => {
  stopClock()
  const before = openFiles()
  const server = await createTurnServer({
    listen: [{ address: '127.0.0.1', port: 0 }],
    realm: 'example.org',
    authenticate: { ann: 'secret' },
    allowLoopbackPeers: true,
    allocationsPerUser: 1_000,
  })
  const echoing = await echo()
  const to = transportAddress('127.0.0.1', echoing.address().port)
  const uri = `turn:127.0.0.1:${server.addresses[0]?.port ?? 0}`
  // The first fifty fill caches and compile code.
  await useAllocations(server, 50, uri, to)
  const heap = heapInUse()
  await useAllocations(server, 500, uri, to)
  expect(heapInUse() - heap).toBeLessThan(4 << 20)
  echoing.close()
  await server.close()
  await eventually(() => openFiles() <= before)
}, 60_000)

/** Makes so many at one time, has each of them relay something and its echo, and gives them back. */
async function useAllocations(
  server: NodeTurnServer,
  count: number,
  uri: string,
  to: TransportAddress,
): Promise<void> {
  const clients: NodeTurnClient[] = []
  const batchOf = async <T>(work: (i: number) => Promise<T>): Promise<T[]> => {
    const done: T[] = []
    for (let i = 0; i < count; i += 25)
      done.push(...(await Promise.all(Array.from({ length: 25 }, (_, j) => work(i + j)))))
    return done
  }
  clients.push(
    ...(await batchOf(() => createTurnClient({ server: uri, username: 'ann', password: 'secret' }))),
  )
  expect(server.allocations).toHaveLength(count)
  expect(new Set(clients.map(({ relayedAddress }) => relayedAddress?.port)).size).toBe(count)
  await batchOf(async (i) => {
    const client = clients[i]
    if (client === undefined) return
    const echoed = once(client, 'message')
    client.send(to, Uint8Array.of(1, 2, 3))
    await echoed
  })
  await batchOf(async (i) => clients[i]?.close())
  expect(server.allocations).toHaveLength(0)
}

/** After a collection. */
function heapInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}

async function echo(): Promise<Socket> {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}
