import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'

import { expect, test } from '@jest/globals'

import { RTCIceCandidate, RTCPeerConnection, RTCSessionDescription } from '../src/index.ts'

/* simple-peer takes any implementation of the W3C's classes as `wrtc`: what it calls and hears is what a browser has. */
interface SimplePeer extends Duplex {
  signal(data: unknown): void
}
const SimplePeer = createRequire(import.meta.url)('simple-peer') as new (options: object) => SimplePeer

class LoopbackConnection extends RTCPeerConnection {
  constructor(configuration: object) {
    super({ ...configuration, network: { addresses: ['127.0.0.1'] } })
  }
}

const wrtc = { RTCPeerConnection: LoopbackConnection, RTCSessionDescription, RTCIceCandidate }
const happens = (peer: SimplePeer, name: string): Promise<void> =>
  new Promise((resolve) => peer.once(name, () => resolve()))

test.each([true, false])('simple-peer runs on this implementation; trickle: %s', async (trickle) => {
  // Without `allowHalfTrickle` it edits our descriptions before it sets them, which the W3C forbids.
  const options = { wrtc, trickle, allowHalfTrickle: true, config: { iceServers: [] } }
  const alice = new SimplePeer({ ...options, initiator: true })
  const bob = new SimplePeer(options)
  // As in browsers, a channel that the other end aborts tells of an error before it closes.
  bob.on('error', () => undefined)
  // By whatever signalling there is, as text.
  alice.on('signal', (data) => bob.signal(JSON.parse(JSON.stringify(data))))
  bob.on('signal', (data) => alice.signal(JSON.parse(JSON.stringify(data))))
  await Promise.all([happens(alice, 'connect'), happens(bob, 'connect')])

  const sent = Buffer.alloc(200_000, 'purertc')
  const received: Buffer[] = []
  const all = new Promise<void>((resolve) =>
    bob.on('data', (data: Buffer) => {
      received.push(data)
      if (Buffer.concat(received).length >= sent.length) resolve()
    }),
  )
  alice.write(sent)
  await all
  expect(Buffer.concat(received).equals(sent)).toBe(true)

  const closed = Promise.all([happens(alice, 'close'), happens(bob, 'close')])
  alice.destroy()
  await closed
})
