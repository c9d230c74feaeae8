/** A TURN server over UDP and TCP: two clients of it reach each other, and STUN tells where they are. */
import assert from 'node:assert/strict'
import { once } from 'node:events'

import { formatAddress } from '@purertc/stun'
import { NodeStunClient } from '@purertc/stun/node'
import { createTurnClient, createTurnServer } from '@purertc/turn/node'

const server = await createTurnServer({
  listen: [
    { address: '127.0.0.1', port: 0 },
    { address: '127.0.0.1', port: 0, transport: 'tcp' },
  ],
  realm: 'example.org',
  authenticate: { ann: 'secret' },
  allowLoopbackPeers: true,
})

for (const { port, transport } of server.addresses) {
  const join = () =>
    createTurnClient({
      server: `turn:127.0.0.1:${port}?transport=${transport}`,
      username: 'ann',
      password: 'secret',
    })
  const [left, right] = await Promise.all([join(), join()])
  right.on('message', (data, peer) => right.send(peer, data))
  right.send(left.relayedAddress, new Uint8Array(1)) // asks for the permission that lets the left one's data in
  const repeat = setInterval(() => left.send(right.relayedAddress, new TextEncoder().encode('hello')), 50)
  const [data] = await once(left, 'message')
  clearInterval(repeat)
  assert.equal(new TextDecoder().decode(data), 'hello')
  await Promise.all([left.close(), right.close()])
}

const udp = server.addresses.find(({ transport }) => transport === 'udp')
const client = await NodeStunClient.open(`stun:${formatAddress(udp)}`)
const { mapped } = await client.bind()
assert.equal(mapped.address, '127.0.0.1')
await client.close()
await server.close()
