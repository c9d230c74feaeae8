import type { ServerFrameOf } from '@purertc/signaling-protocol'

import type { SignalingClientError } from './client-error.ts'

/** What a client tells, by name. Frames are described in the README of `@purertc/signaling-protocol`. */
export interface SignalingClientEvents {
  /** The connection is open: `iceServers` are there. */
  welcome: ServerFrameOf<'welcome'>
  /** In a channel: own name, own role, the others. */
  joined: ServerFrameOf<'joined'>
  /** Out of it: this client left, or somebody's hang-up ended the session. */
  left: ServerFrameOf<'left'>
  /** Another peer came; `role` is this client's toward it, `replayed` how much it was given of what was said before. */
  peerJoined: ServerFrameOf<'peer-joined'>
  peerLeft: ServerFrameOf<'peer-left'>
  description: ServerFrameOf<'description'>
  /** `candidate` is `null` at the end of candidates. */
  candidate: ServerFrameOf<'candidate'>
  message: ServerFrameOf<'message'>
  /** Another peer hung up. */
  remoteClose: ServerFrameOf<'remote-close'>
  /** A description or candidate went to a peer that is not there. */
  undelivered: { readonly to: string | undefined }
  /** Every text frame as it came, those of later versions too. */
  rawMessage: string
  /** The server refused something that nobody waits for, or sent what is no frame. */
  error: SignalingClientError
  /** The connection is closed; `connect` may open another. */
  close: { readonly code: number; readonly reason: string }
}
