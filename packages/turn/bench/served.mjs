/**
 * The server under measurement, in a process of its own: prints its UDP and TCP ports, and lives until its standard input
 * ends. The name of the server is its argument: `ours`, one of npm's, or `bare`.
 */
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const [name = 'ours'] = process.argv.slice(2)
const start = {
  ours: startOurs,
  'node-turn': startNodeTurn,
  'turn-server': startTurnServer,
  bare: startBare,
}[name]
const ports = await start()
process.stdout.write(`${ports.join(' ')}\n`)
process.stdin.resume().on('end', () => process.exit())

async function startOurs() {
  const { createTurnServer } = await import('@purertc/turn/node')
  const server = await createTurnServer({
    listen: [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port: 0, transport: 'tcp' },
    ],
    realm: 'example.org',
    authenticate: { ann: 'secret' },
    allowLoopbackPeers: true,
    // The load gives nothing back, and all of it is one user's.
    allocationsPerUser: Infinity,
    // It picks channels as RFC 5766 has them.
    legacyChannels: true,
  })
  return server.addresses.map(({ port }) => port)
}

/** npm's `node-turn`. */
function startNodeTurn() {
  const Turn = require('node-turn')
  const port = 20_000 + (process.pid % 10_000)
  const server = new Turn({
    listeningPort: port,
    listeningIps: ['127.0.0.1'],
    relayIps: ['127.0.0.1'],
    authMech: 'long-term',
    realm: 'example.org',
    credentials: { ann: 'secret' },
    debugLevel: 'OFF',
  })
  server.start()
  return [port, port]
}

/** npm's `turn-server`. */
async function startTurnServer() {
  const { createServer } = await import('turn-server')
  const port = 30_000 + (process.pid % 10_000)
  const server = createServer({
    auth: { mechanism: 'long-term', realm: 'example.org', credentials: { ann: 'secret' } },
    relay: { ip: '127.0.0.1', externalIp: '127.0.0.1' },
    allowLoopback: true,
  })
  server.on('error', () => undefined)
  server.listen({ port, address: '127.0.0.1' })
  return [port, port]
}

/** Sends what one socket reads by another one, to the port that it begins with. */
async function startBare() {
  const { createSocket } = await import('node:dgram')
  // Without a look-up of its own Node defers every datagram to a later tick.
  const lookup = (address, _options, done) => done(null, address, 4)
  const options = { type: 'udp4', lookup, recvBufferSize: 4 << 20, sendBufferSize: 4 << 20 }
  const [reader, writer] = [createSocket(options), createSocket(options)]
  reader.on('message', (bytes) => writer.send(bytes, bytes.readUInt16BE(), '127.0.0.1'))
  await new Promise((resolve) => writer.bind(0, '127.0.0.1', resolve))
  await new Promise((resolve) => reader.bind(0, '127.0.0.1', resolve))
  return [reader.address().port, 0]
}
