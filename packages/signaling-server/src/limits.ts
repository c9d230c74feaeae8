import type { StoreLimits } from './store/channel-store.ts'

/** What one hub allows its connections. */
export interface HubLimits extends StoreLimits {
  /** Members of one channel, 32 by default. */
  readonly members: number
  /** Channels, 10,000 by default; those of all processes that share a store. */
  readonly channels: number
  /** Frames a second of one connection in the long run, pings and pongs of the WebSocket among them; 100 by default. */
  readonly framesPerSecond: number
  /** Frames of one connection at once, 500 by default: a mesh of 32 trickles that many when it forms. */
  readonly burst: number
  /** Frames that a channel of one keeps for a peer to come, 128 by default. */
  readonly keptFrames: number
  /** Characters and bytes of those frames together, 65,536 by default. */
  readonly keptLength: number
  /** Events of one channel that are kept for members that are away, 512 by default. */
  readonly loggedEvents: number
  /** Characters and bytes of those events together, 1,048,576 by default. */
  readonly loggedLength: number
  /** Milliseconds for which a member whose socket broke may come back, 30,000 by default; 0 for never. */
  readonly resumeWithin: number
  /** Milliseconds between two signs of life asked of a connection, 30,000 by default; the second miss cuts it. */
  readonly heartbeat: number
}

export const defaultHubLimits: HubLimits = {
  members: 32,
  channels: 10_000,
  framesPerSecond: 100,
  burst: 500,
  keptFrames: 128,
  keptLength: 65_536,
  loggedEvents: 512,
  loggedLength: 1_048_576,
  resumeWithin: 30_000,
  heartbeat: 30_000,
}
