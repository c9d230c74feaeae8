/**
 * Servers under a load of our own clients, for those of npm take none from coturn's client: it asks for EVEN-PORT, over which
 * `node-turn` stumbles, and for channels beyond RFC 8656, which `turn-server` refuses. What runs is what is installed: `npm run
 * build` comes first.
 *
 *     node --import tsx packages/turn/bench/peers.ts [seconds] [ours,coturn,node-turn,turn-server,bare] [clients,peer] [rate]
 *
 * Two loads, of ten thousand messages a second or as told: from client to client, relayed twice; and from clients to a peer that is no
 * client, relayed once. `bare` is the floor of node:dgram for the latter: what is read from one socket is sent by another, and
 * nothing else is done. `us/msg` is processor time of the server for a message that arrived. `ours-2` is our program with two
 * processes, each of which could have a core of its own: what the busiest one costs a message bounds the throughput.
 */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'

import {
  MessageBuilder,
  opaqueAttribute,
  PasswordAlgorithms,
  StunMessage,
  type TransportAddress,
  transportAddress,
} from '@purertc/stun'
import { createTurnClient, type NodeTurnClient, openLink, type ServerLink } from '@purertc/turn/node'

import { print, type Served, startServer, sum } from './servers.ts'

/** Senders, and how many messages have arrived so far. */
interface Load {
  readonly senders: readonly (() => void)[]
  readonly arrived: () => number
  readonly stop: () => Promise<unknown>
}

const SESSIONS = 20
const RATE = Number(process.argv[5] ?? 10_000)

const seconds = Number(process.argv[2] ?? 5)
const names = (process.argv[3] ?? 'ours,coturn,node-turn,turn-server,bare').split(',')
const loads = (process.argv[4] ?? 'clients,peer').split(',')
const data = new Uint8Array(1_000).fill(7)

for (const [load, title, begin] of [
  ['clients', 'client to client', clientsToClients],
  ['peer', 'clients to a peer', clientsToPeer],
] as const) {
  if (!loads.includes(load)) continue
  print(`\n${title}, ${SESSIONS} sessions, ${data.length} bytes, ${RATE} messages a second`)
  let ours = NaN
  for (const name of names) {
    if (name === 'bare' && begin === clientsToClients) continue
    const server = await startServer(name)
    const cost = await measure(server, await (name === 'bare' ? packetsToPeer(server) : begin(server)))
    if (name === 'ours') ours = cost
    else if (ours > 0) print(`    ours costs ${(ours / cost).toFixed(2)} times as much`)
    await server.stop()
  }
}

/** Microseconds of the server for a message that arrived. */
async function measure({ name, cpu }: Served, { senders, arrived, stop }: Load): Promise<number> {
  // Until the compilers of JavaScript have done what they do.
  await sendFor(3, senders)
  const [cpuBefore, arrivedBefore] = [cpu(), arrived()]
  const sent = await sendFor(seconds, senders)
  await sleep(200)
  const received = arrived() - arrivedBefore
  const costs = cpu().map((after, i) => (after - (cpuBefore[i] ?? 0)) / received)
  const cost = sum(costs)
  const loss = (100 * (sent - received)) / sent
  const busiest = costs.length > 1 ? `, ${Math.max(...costs).toFixed(1)} of them in the busiest process` : ''
  print(`  ${name.padEnd(11)} ${cost.toFixed(1)} us/msg${busiest}, ${loss.toFixed(2)} % lost`)
  await stop()
  return cost
}

/** A burst of all senders at a time. How many messages were sent. */
async function sendFor(duration: number, senders: readonly (() => void)[]): Promise<number> {
  const start = performance.now()
  let sent = 0
  for (;;) {
    const elapsed = performance.now() - start
    if (elapsed >= 1000 * duration) return sent
    while (sent < (RATE * elapsed) / 1000) {
      for (const send of senders) send()
      sent += senders.length
    }
    await sleep(1)
  }
}

async function clientsToClients(server: Served): Promise<Load> {
  const clients = await connect(server)
  let arrived = 0
  const senders = clients.map((client, i) => {
    const to = clients[i ^ 1]?.relayedAddress
    if (to === null || to === undefined) throw new Error('a client without an allocation')
    client.createPermission(to)
    client.on('message', () => arrived++)
    return () => client.send(to, data)
  })
  await sleep(500)
  return { senders, arrived: () => arrived, stop: () => Promise.all(clients.map((client) => client.close())) }
}

async function clientsToPeer(server: Served): Promise<Load> {
  const clients = await connect(server)
  const { to, arrived, socket } = await openPeer()
  for (const client of clients) client.createPermission(to)
  await sleep(500)
  const senders = clients.map((client) => () => client.send(to, data))
  const stop = (): Promise<unknown> => {
    socket.close()
    return Promise.all(clients.map((client) => client.close()))
  }
  return { senders, arrived, stop }
}

/** For `bare`, which sends to the port that a packet begins with. */
async function packetsToPeer({ ports }: Served): Promise<Load> {
  const { to, arrived, socket } = await openPeer()
  const packet = Buffer.from(data)
  packet.writeUInt16BE(to.port)
  const sockets = await Promise.all(Array.from({ length: SESSIONS }, () => openSocket()))
  const senders = sockets.map((sender) => () => sender.send(packet, ports.udp, '127.0.0.1'))
  const stop = (): Promise<unknown> => {
    for (const one of [socket, ...sockets]) one.close()
    return Promise.resolve()
  }
  return { senders, arrived, stop }
}

async function openPeer(): Promise<{ to: TransportAddress; arrived: () => number; socket: Socket }> {
  const socket = await openSocket()
  let arrived = 0
  socket.on('message', () => arrived++)
  return { to: transportAddress('127.0.0.1', socket.address().port), arrived: () => arrived, socket }
}

async function openSocket(): Promise<Socket> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }).bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return socket
}

function connect({ name, ports }: Served): Promise<NodeTurnClient[]> {
  const options = { server: `turn:127.0.0.1:${ports.udp}`, username: 'ann', password: 'secret' }
  return Promise.all(
    Array.from({ length: SESSIONS }, async () =>
      createTurnClient(
        name === 'turn-server' ? { ...options, link: await linkWithoutOffer(ports.udp) } : options,
      ),
    ),
  )
}

/** `turn-server` offers SHA-256 in its challenges and cannot do it: whoever believes the offer is refused. */
async function linkWithoutOffer(port: number): Promise<ServerLink> {
  const target = { secure: false, host: '127.0.0.1', transport: 'udp' }
  const link = await openLink(target, transportAddress('127.0.0.1', port), {})
  return {
    ...link,
    start: (received, failed) => link.start((bytes) => received(withoutOffer(bytes)), failed),
  }
}

/** The same challenge without PASSWORD-ALGORITHMS. */
function withoutOffer(bytes: Uint8Array): Uint8Array {
  const message = StunMessage.decode(bytes)
  if (message === null || !message.has(PasswordAlgorithms)) return bytes
  const copy = new MessageBuilder(message.method, message.class, message.transactionId)
  for (const { type, value } of message.attributes())
    if (type !== PasswordAlgorithms.type) copy.add(opaqueAttribute(type, 'copied'), value)
  return copy.build()
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
