import type { ClientBinaryHeader, ClientFrame } from '@purertc/signaling-protocol'

import type { SignalingPeer } from './signaling-peer.ts'

export interface SignalingServerEvents {
  /** A connection is open and greeted. */
  connect: [client: SignalingPeer]
  /** A connection is closed; the code is the one this end closed or cut it with, else the one of the close frame. */
  disconnect: [client: SignalingPeer, code: number]
  /** An upgrade was refused. */
  refusal: [address: string | undefined, status: number]
  /** A peer is in a channel, which has `count` members now. */
  subscription: [client: SignalingPeer, channel: string, peer: string, count: number]
  /** A peer is out of a channel, which has `count` members left; it may have been away for a while. */
  unsubscription: [client: SignalingPeer | undefined, channel: string, peer: string, count: number]
  /** A connection took up the session of a broken one; `replayed` is how much it had missed. */
  resumption: [client: SignalingPeer, channel: string, peer: string, replayed: number]
  /** A sound frame of the protocol. */
  message: [client: SignalingPeer, frame: ClientFrame]
  /** A sound binary message. */
  binary: [client: SignalingPeer, header: ClientBinaryHeader, data: Uint8Array]
  /** Any text frame, sound or not. */
  rawMessage: [client: SignalingPeer, text: string]
  /** A hook, the store or the HTTP server failed. Where nobody listens the refusal is all there is to see of it. */
  error: [error: Error]
}
