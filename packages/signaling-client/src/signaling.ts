import type { Candidate, Description, IceServer, Role } from '@purertc/signaling-protocol'

import type { JoinOptions } from './options.ts'

/**
 * How two peers that want to connect exchange what they must: a signalling server, or anything else that carries a few
 * texts, such as copy and paste, HTTP polling or a BroadcastChannel. `docs/signaling-transports.md` has one of each.
 */
export interface Signaling {
  /** Whether this end is in the channel. */
  readonly isJoined: boolean
  /**
   * Goes where the other peer is, or will come to. Resolves when there; from then on, and in order, the host hears of
   * the others. May be called again after the host was told that it is `closed`.
   */
  join(channel: string, options: JoinOptions, host: SignalingHost): Promise<void>
  /** Sends something to a peer that the host has heard of. */
  send(frame: SignalingFrame, to: string): void
  /** Tells the others that this end is done. */
  bye(): void
  /** Gives everything back; resolves when that is done. */
  close(): Promise<void>
}

/** What peers say to each other while they connect. */
export type SignalingFrame =
  | { readonly type: 'description'; readonly description: Description }
  /** `null` is the end of candidates. */
  | { readonly type: 'candidate'; readonly candidate: Candidate | null }
  /** The receiver is to make another offer; with `restart`, for a new path. */
  | { readonly type: 'renegotiate'; readonly restart?: boolean | undefined }

/** What signalling tells. */
export interface SignalingHost {
  /** This end is in the channel, under this name; the others are there already, and each of them will make an offer. */
  joined(place: {
    readonly channel: string
    readonly peer: string
    readonly members: readonly string[]
    readonly iceServers: readonly IceServer[]
  }): void
  /** Another peer came; `role` is what this end has to do about it. */
  peerJoined(peer: string, role: Role): void
  received(from: string, frame: SignalingFrame): void
  peerLeft(peer: string, reason: 'hangup' | 'left'): void
  /** ICE servers to use from now on. */
  iceServers(servers: readonly IceServer[]): void
  /** Text as it came, for who wants to look. */
  rawMessage(text: string): void
  /** Signalling is interrupted and will be taken up; or it has been. */
  interrupted(isOver: boolean): void
  failed(error: Error): void
  /** No more signalling. */
  closed(code: number, reason: string): void
}
