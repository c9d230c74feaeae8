import type { JoinFrame } from '@purertc/signaling-protocol'

import type { Channel, ChannelMember } from './channel.ts'
import type { ConnectionId } from './host.ts'
import type { TokenBucket } from './token-bucket.ts'

/** What a hub knows of one connection. */
export interface Connection {
  readonly id: ConnectionId
  readonly bucket: TokenBucket
  /** Whether it gave a sign of life since the last heartbeat. */
  isAlive: boolean
  place: Outside | Joining | Joined
}

/** Greeted, and in no channel. */
export interface Outside {
  readonly kind: 'outside'
}

/** Access control has yet to answer. */
export interface Joining {
  readonly kind: 'joining'
  readonly ticket: number
  readonly frame: JoinFrame
}

export interface Joined {
  readonly kind: 'joined'
  readonly channel: Channel
  readonly member: ChannelMember
}

export const outside: Outside = { kind: 'outside' }
