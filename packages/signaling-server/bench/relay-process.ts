/** One server under test in a process of its own: `purertc`, `bare`, `peer`, `net`, or `purertc-redis URL`. */
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'

import { WebSocket, WebSocketServer } from 'ws'

import { createSignalingServer } from '../src/index.ts'
import { connectRedisStore } from '../src/node/redis/index.ts'

const kinds: Record<string, () => Promise<number>> = {
  purertc: () => startPurertc(),
  'purertc-redis': () => startPurertc(process.argv[3]),
  bare: startBare,
  peer: startPeerJs,
  net: startNet,
}

async function startPurertc(redis?: string): Promise<number> {
  const store = redis === undefined ? undefined : await connectRedisStore({ redis: { url: redis } })
  const many = 1_000_000
  const server = await createSignalingServer({
    port: 0,
    host: '127.0.0.1',
    limits: {
      connections: many,
      connectionsPerAddress: many,
      channels: many,
      framesPerSecond: many,
      burst: many,
    },
    ...(store && { store }),
  })
  return server.address?.port ?? 0
}

/** The least that a relay can do: two sockets of one URL are a pair. */
async function startBare(): Promise<number> {
  const waiting = new Map<string, WebSocket>()
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket, request) => {
    const url = request.url ?? ''
    let other = waiting.get(url)
    waiting.set(url, socket)
    const pair = (with_: WebSocket): void => void (other = with_)
    Object.assign(socket, { pair })
    if (other !== undefined) (other as WebSocket & { pair(with_: WebSocket): void }).pair(socket)
    socket.on('message', (data: Buffer) => {
      if (other?.readyState === WebSocket.OPEN) other.send(data, { binary: false })
    })
  })
  await new Promise((resolve) => server.once('listening', resolve))
  return (server.address() as AddressInfo).port
}

/**
 * What no Node server can be faster than: it reads who belongs together, and from then on hands on what came, as it came,
 * without looking for where a message ends.
 */
async function startNet(): Promise<number> {
  const waiting = new Map<string, Socket>()
  const server = createTcpServer({ noDelay: true }, (socket) => {
    socket.once('data', (first) => {
      const name = first.toString('latin1')
      const other = waiting.get(name)
      waiting.set(name, socket)
      if (other === undefined) return
      socket.on('data', (data) => other.write(data))
      other.on('data', (data) => socket.write(data))
    })
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

async function startPeerJs(): Promise<number> {
  const { ExpressPeerServer } = await import('peer')
  const { default: express } = await import('express')
  const app = express()
  const server = createServer(app)
  app.use(ExpressPeerServer(server, { path: '/', allow_discovery: false, concurrent_limit: 1_000_000 }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const start = kinds[process.argv[2] ?? '']
if (start === undefined) throw new Error('which server?')
const port = await start()
process.on('message', () => {
  global.gc?.()
  const { rss } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  process.send?.({ rss, cpu: (user + system) / 1_000 })
})
process.on('disconnect', () => process.exit(0))
process.send?.({ port })
