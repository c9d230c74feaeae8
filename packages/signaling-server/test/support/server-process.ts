/** A signalling server in a process of its own. The first argument is JSON: options, and the URL of Redis. */
import { createSignalingServer, type SignalingServerLimits } from '../../src/index.ts'
import { connectRedisStore } from '../../src/node/redis/index.ts'

/** Milliseconds. */
const HOUR = 3_600_000

interface Settings {
  readonly redis: string
  readonly port?: number
  readonly beat?: number
  readonly closeSessionOnHangup?: boolean
  readonly limits?: Partial<SignalingServerLimits>
}

const { redis, port = 0, beat, ...options } = JSON.parse(process.argv[2] ?? '{}') as Settings
const store = await connectRedisStore({ redis: { url: redis }, ...(beat !== undefined && { beat }) })
const server = await createSignalingServer({ port, host: '127.0.0.1', store, ...options })
server.on('error', (error) => process.stderr.write(`${error.message}\n`))
process.on('message', (command) => {
  if (command === 'drain') void server.drain(500).then(() => process.exit(0))
  if (command === 'close') void server.close().then(() => process.exit(0))
  if (command === 'jump') jump()
})
process.on('disconnect', () => process.exit(0))
process.send?.({ port: server.address?.port })

/** The monotonic clock leaps an hour ahead, as after a sleep of the machine; the other one back, as when it is set right. */
function jump(): void {
  const [monotonic, wall] = [performance.now.bind(performance), Date.now.bind(Date)]
  performance.now = () => monotonic() + HOUR
  Date.now = () => wall() - HOUR
}
