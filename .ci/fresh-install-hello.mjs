/** Runs in an empty folder where only the packed tarballs are installed: two peers, one data channel, a clean exit. */
import { RTCPeerConnection } from '@purertc/peer-connection'

// A build machine may have no other interface.
const alice = new RTCPeerConnection({ network: { includeLoopback: true } })
const bob = new RTCPeerConnection({ network: { includeLoopback: true } })
alice.addEventListener('icecandidate', ({ candidate }) => void bob.addIceCandidate(candidate))
bob.addEventListener('icecandidate', ({ candidate }) => void alice.addIceCandidate(candidate))
bob.addEventListener('datachannel', ({ channel }) => {
  channel.addEventListener('message', ({ data }) => channel.send(`you said ${data}`))
})

const channel = alice.createDataChannel('chat')
const answer = new Promise((resolve) => channel.addEventListener('message', ({ data }) => resolve(data)))
channel.addEventListener('open', () => channel.send('hello'))

await alice.setLocalDescription()
await bob.setRemoteDescription(alice.localDescription)
await bob.setLocalDescription()
await alice.setRemoteDescription(bob.localDescription)

const heard = await answer
if (heard !== 'you said hello') throw new Error(`heard ${heard}`)
alice.close()
bob.close()
