/** The server under measurement, in a process of its own: prints its ports, and lives until its standard input ends. */
import { createTurnServer } from '../src/node/index.ts'

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
process.stdout.write(`${server.addresses.map(({ port }) => port).join(' ')}\n`)
process.stdin.resume().on('end', () => void server.close())
