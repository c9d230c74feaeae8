/** Connects, sends a message, closes, and has nothing else to end it. */
import { RTCPeerConnection } from '../../src/index.ts'

const configuration = { network: { addresses: ['127.0.0.1'] } }
const alice = new RTCPeerConnection(configuration)
const bob = new RTCPeerConnection(configuration)
alice.onicecandidate = ({ candidate }) => void bob.addIceCandidate(candidate)
bob.onicecandidate = ({ candidate }) => void alice.addIceCandidate(candidate)
const channel = alice.createDataChannel('x')
channel.onopen = () => channel.send('hello')
bob.ondatachannel = (event) => {
  event.channel.onmessage = ({ data }) => {
    process.stdout.write(`received ${String(data)}\n`)
    alice.close()
    bob.close()
  }
}
await alice.setLocalDescription()
await bob.setRemoteDescription({ type: 'offer', sdp: alice.localDescription?.sdp ?? '' })
await bob.setLocalDescription()
await alice.setRemoteDescription({ type: 'answer', sdp: bob.localDescription?.sdp ?? '' })
