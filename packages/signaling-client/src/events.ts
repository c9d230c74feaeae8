import type { ServerFrameOf } from '@purertc/signaling-protocol'

import type { BinaryMessage } from './binary-frame.ts'
import type { SignalingClientError } from './client-error.ts'

/** What a client tells, by name. Frames are described in the README of `@purertc/signaling-protocol`. */
export interface SignalingClientEvents {
  /** The connection is open, the first or another: `iceServers` are there. */
  welcome: ServerFrameOf<'welcome'>
  /** Other ICE servers, before the credentials of those before expire. */
  iceServers: ServerFrameOf<'ice-servers'>
  /** In a channel: own name, own role, the others. Again after `lost`, where it could be joined anew. */
  joined: ServerFrameOf<'joined'>
  /** The connection broke; another try follows in `delay` milliseconds, and nothing is lost so far. */
  reconnecting: { readonly attempt: number; readonly delay: number; readonly code: number }
  /** Back in the channel; what was missed follows, and what was said meanwhile goes out. */
  resumed: ServerFrameOf<'resumed'>
  /** Back too late: what was missed is lost, and so may be what was not answered. The channel is joined anew. */
  lost: { readonly channel: string; readonly peer: string | undefined }
  /** The server goes; the client moves to another one by itself. */
  drain: ServerFrameOf<'drain'>
  /** Out of it: this client left, or somebody's hang-up ended the session. */
  left: ServerFrameOf<'left'>
  /** Another peer came; `role` is this client's toward it, `replayed` how much it was given of what was said before. */
  peerJoined: ServerFrameOf<'peer-joined'>
  peerLeft: ServerFrameOf<'peer-left'>
  description: ServerFrameOf<'description'>
  /** `candidate` is `null` at the end of candidates. */
  candidate: ServerFrameOf<'candidate'>
  /** Another peer asks this one to negotiate anew; with `restart`, for a new path. */
  renegotiate: ServerFrameOf<'renegotiate'>
  message: ServerFrameOf<'message'>
  binary: BinaryMessage
  /** Another peer hung up. */
  remoteClose: ServerFrameOf<'remote-close'>
  /** A description or candidate went to a peer that is not there. */
  undelivered: { readonly to: string | undefined }
  /** Every text frame as it came, those of later versions too. */
  rawMessage: string
  /** The server refused something that nobody waits for, or sent what is no frame. */
  error: SignalingClientError
  /** The connection is closed for good; `connect` may open another. */
  close: { readonly code: number; readonly reason: string }
}
