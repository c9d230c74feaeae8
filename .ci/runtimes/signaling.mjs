/** A signalling server and two turnkey peers that meet over it, send a message over DTLS, and leave. */
import assert from 'node:assert/strict'

import { Peer } from '@purertc/peer-connection'
import { createSignalingServer } from '@purertc/signaling-server'

const server = await createSignalingServer({ port: 0, host: '127.0.0.1' })
const join = () =>
  new Peer({
    signaling: `ws://127.0.0.1:${server.address.port}`,
    channel: 'room',
    network: { includeLoopback: true },
  })
const alice = join()
const bob = join()

const heard = new Promise((resolve) => alice.on('message', resolve))
bob.on('message', (data) => bob.send(data))
alice.on('connect', () => alice.send('hello'))
await Promise.all([alice.connect(), bob.connect()])

assert.equal(await heard, 'hello')
await Promise.all([alice.close(), bob.close()])
await server.close()
