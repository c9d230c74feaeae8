/** What one hub allows its connections. */
export interface HubLimits {
  /** Members of one channel, 32 by default. */
  readonly members: number
  /** Channels, 10,000 by default. */
  readonly channels: number
  /** Frames a second of one connection in the long run, 100 by default. */
  readonly framesPerSecond: number
  /** Frames of one connection at once, 500 by default: a mesh of 32 trickles that many when it forms. */
  readonly burst: number
  /** Frames that a channel of one keeps for a peer to come, 128 by default. */
  readonly keptFrames: number
  /** Characters of those frames together, 65,536 by default. */
  readonly keptLength: number
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
  heartbeat: 30_000,
}
