import type { RTCPeerConnection } from '../../src/index.ts'

/** Connects two connections of one process; `alice` offers. */
export async function connectPair(alice: RTCPeerConnection, bob: RTCPeerConnection): Promise<void> {
  alice.onicecandidate = ({ candidate }) => candidate && void bob.addIceCandidate(candidate)
  bob.onicecandidate = ({ candidate }) => candidate && void alice.addIceCandidate(candidate)
  await alice.setLocalDescription()
  await bob.setRemoteDescription(alice.localDescription!)
  await bob.setLocalDescription()
  await alice.setRemoteDescription(bob.localDescription!)
}
