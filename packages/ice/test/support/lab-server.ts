/**
 * A STUN and TURN server on UDP, TCP and TLS, for the public network of the NAT laboratory. Arguments: the IP addresses to
 * serve on, then the files of certificate and key. Account: user, secret.
 */
import { readFileSync } from 'node:fs'

import { createTurnServer } from '@purertc/turn/node'

const [, , addresses = '', cert = '', key = ''] = process.argv
const server = await createTurnServer({
  realm: 'lab',
  authenticate: (name) => (name === 'user' ? 'secret' : null),
  allowPeer: () => true,
  relayAddress: addresses.split(','),
  tls: { cert: readFileSync(cert), key: readFileSync(key) },
  listen: addresses.split(',').flatMap((address) => [
    { address, port: 3478 },
    { address, port: 3478, transport: 'tcp' as const },
    { address, port: 443, transport: 'tls' as const },
  ]),
})
process.stdout.write(`${JSON.stringify({ id: 0, event: 'ready' })}\n`)
process.on('SIGTERM', () => void server.close().then(() => process.exit()))
