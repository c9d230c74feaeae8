import { randomBytes, randomUUID } from 'node:crypto'
import type { EventEmitter } from 'node:events'

import { type ClientFrame, CloseCode } from '@purertc/signaling-protocol'

import type { JoinRequest, SignalingHubHost } from '../host.ts'
import type { SignalingServerEvents } from './events.ts'
import type { SocketPeer } from './socket-peer.ts'

/** What a server does for its hub beside writing to sockets and telling its listeners. */
export interface HubHostServer {
  send(peer: SocketPeer, frame: string | Uint8Array): void
  decide(request: JoinRequest): void
  refreshIceServers(peer: SocketPeer): void
  rescheduled(): void
  failed(error: Error): void
}

/** Joins a hub, which knows connections by their numbers, to sockets and to the events of the server. */
export function hubHost(
  peers: ReadonlyMap<number, SocketPeer>,
  events: EventEmitter<SignalingServerEvents>,
  server: HubHostServer,
): SignalingHubHost {
  const peerOf = (id: number, then: (peer: SocketPeer) => void): void => {
    const peer = peers.get(id)
    if (peer !== undefined) then(peer)
  }
  const place = (peer: SocketPeer, channel: string | undefined, name: string | undefined): void => {
    peer.channel = channel
    peer.peer = name
  }
  const received = (id: number, frame: ClientFrame): void =>
    peerOf(id, (peer) => events.emit('message', peer, frame))
  return {
    send: (id, frame) => {
      const peer = peers.get(id)
      if (peer !== undefined) server.send(peer, frame)
    },
    close: (id, code, reason) =>
      peerOf(id, (peer) => (SILENT.has(code) ? peer.cut(code) : peer.close(code, reason))),
    ping: (id) => peerOf(id, ({ socket }) => socket.ping()),
    newPeerName: randomUUID,
    newSessionToken: () => randomBytes(TOKEN_BYTES).toString('base64url'),
    joinRequested: (request) => server.decide(request),
    iceServersExpire: (id) => peerOf(id, (peer) => server.refreshIceServers(peer)),
    subscribed: (id, channel, name, count) =>
      peerOf(id, (peer) => {
        place(peer, channel, name)
        events.emit('subscription', peer, channel, name, count)
      }),
    unsubscribed: (id, channel, name, count) => {
      const peer = id === undefined ? undefined : peers.get(id)
      if (peer !== undefined) place(peer, undefined, undefined)
      events.emit('unsubscription', peer, channel, name, count)
    },
    resumed: (id, channel, name, replayed) =>
      peerOf(id, (peer) => {
        place(peer, channel, name)
        events.emit('resumption', peer, channel, name, replayed)
      }),
    // Where nobody listens the hub need not make the frame.
    get received() {
      return events.listenerCount('message') > 0 ? received : undefined
    },
    receivedBinary: (id, header, data) => peerOf(id, (peer) => events.emit('binary', peer, header, data)),
    rescheduled: () => server.rescheduled(),
    failed: (error) => server.failed(error),
  }
}

/** Codes of sockets that nobody reads from: a close frame would never be seen. */
const SILENT: ReadonlySet<number> = new Set([CloseCode.heartbeatTimeout, CloseCode.slowReader])
/** 128 bits that nobody guesses. */
const TOKEN_BYTES = 16
