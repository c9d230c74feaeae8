import { nodeCrypto } from '@purertc/crypto/node'
import { WebSocket } from 'ws'

import type { PeerOptions } from '../peer/options.ts'
import { Peer as CorePeer, type PeerPlatform } from '../peer/peer.ts'
import { RTCPeerConnection } from './peer-connection.ts'

/** {@inheritDoc CorePeer} */
export class Peer extends CorePeer {
  constructor(options: PeerOptions) {
    super(options, platform)
  }
}

const platform: PeerPlatform = {
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
