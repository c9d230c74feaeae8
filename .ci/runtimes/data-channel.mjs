/** Two peers and one data channel: a message each way, then a mebibyte, and a clean exit. */
import assert from 'node:assert/strict'

import { RTCPeerConnection } from '@purertc/peer-connection'

// A build machine may have no other interface.
const alice = new RTCPeerConnection({ network: { includeLoopback: true } })
const bob = new RTCPeerConnection({ network: { includeLoopback: true } })
alice.addEventListener('icecandidate', ({ candidate }) => void bob.addIceCandidate(candidate))
bob.addEventListener('icecandidate', ({ candidate }) => void alice.addIceCandidate(candidate))
bob.addEventListener('datachannel', ({ channel }) => {
  channel.addEventListener('message', ({ data }) => channel.send(data))
})

const channel = alice.createDataChannel('echo')
const messages = [
  'hello',
  ...Array.from({ length: 16 }, (_, index) => new Uint8Array(65_536).fill(index).buffer),
]
const echoed = []
const finished = new Promise((resolve) => {
  channel.addEventListener('message', ({ data }) => {
    if (echoed.push(data) === messages.length) resolve()
  })
})
channel.addEventListener('open', () => messages.forEach((message) => channel.send(message)))

await alice.setLocalDescription()
await bob.setRemoteDescription(alice.localDescription)
await bob.setLocalDescription()
await alice.setRemoteDescription(bob.localDescription)

await finished
assert.deepEqual(echoed, messages)
alice.close()
bob.close()
