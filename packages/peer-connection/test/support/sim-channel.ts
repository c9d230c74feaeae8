import type { RTCConfiguration, RTCDataChannel, RTCDataChannelInit } from '../../src/index.ts'
import type { RTCPeerConnection } from '../../src/w3c/peer-connection.ts'
import { negotiate, SimWorld } from './sim-environment.ts'

export interface SimChannel {
  readonly world: SimWorld
  readonly alice: RTCPeerConnection
  readonly bob: RTCPeerConnection
  readonly channel: RTCDataChannel
  /** Bob's end of it. */
  readonly remote: RTCDataChannel
}

/** A channel of Alice's that is open at both ends. */
export async function openChannel(
  init: RTCDataChannelInit = {},
  configuration: RTCConfiguration = {},
): Promise<SimChannel> {
  const world = new SimWorld()
  const [alice, bob] = world.pair([configuration, configuration])
  const channel = alice.createDataChannel('chat', init)
  const remotes: RTCDataChannel[] = []
  bob.ondatachannel = (event) => remotes.push(event.channel)
  await negotiate(alice, bob)
  await world.until(() => channel.readyState === 'open' && remotes[0]?.readyState === 'open')
  const [remote] = remotes
  if (remote === undefined) throw new Error('the channel did not come')
  return { world, alice, bob, channel, remote }
}

/** The data of the channel's messages, as they come. */
export function collect(channel: RTCDataChannel): unknown[] {
  const messages: unknown[] = []
  channel.addEventListener('message', ({ data }) => messages.push(data))
  return messages
}
