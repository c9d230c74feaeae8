import { nodeCrypto } from '@purertc/crypto/node'
import { WebSocket } from 'ws'

import type { PeerOptions } from '../peer/options.ts'
import { Peer as CorePeer, type PeerPlatform } from '../peer/peer.ts'
import { RTCPeerConnection } from './peer-connection.ts'

/**
 * One end of a connection between two peers that know nothing but a signalling server and the name of a channel. It
 * owns its signalling connection, makes or answers the offer as the server says, and carries messages both ways.
 *
 * @example
 * const peer = new Peer({ signaling: 'ws://localhost:8080', channel: 'room' })
 * peer.on('connect', () => peer.send('hello'))
 * peer.on('message', (data) => show(data))
 * await peer.connect()
 */
export class Peer extends CorePeer {
  constructor(options: PeerOptions) {
    super(options, platform)
  }
}

/** A {@link Peer} runs on it. */
export const platform: PeerPlatform = {
  crypto: nodeCrypto,
  WebSocket,
  createConnection: (configuration) => new RTCPeerConnection(configuration),
  atMost: async (milliseconds, promise) => {
    let timer: NodeJS.Timeout | undefined
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds)
    })
    await Promise.race([promise, limit])
    clearTimeout(timer)
  },
}
