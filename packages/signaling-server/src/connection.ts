import { CloseCode, type JoinFrame } from '@purertc/signaling-protocol'

import type { ConnectionId } from './host.ts'
import type { LocalChannel } from './local-channel.ts'
import { messageHead } from './say-command.ts'
import type { TokenBucket } from './token-bucket.ts'

/** What a hub knows of one open socket. */
export interface Connection {
  readonly id: ConnectionId
  readonly bucket: TokenBucket
  /** Whether it gave a sign of life since the last heartbeat. */
  isAlive: boolean
  /** Where the wheel of heartbeats has it. */
  slot: number
  session: Session
  /** The session that it is taking up. */
  resuming: Session | undefined
}

/** What a client is, over one socket after another. */
export interface Session {
  /** The secret that it is resumed by. */
  readonly token: string
  connection: Connection | undefined
  isResumable: boolean
  place: Place
  /** The last number that was accepted, and how many were since the client heard of one. */
  received: number
  unacknowledged: number
}

export type Place = Outside | Joining | Entering | Joined | Ended | Resuming

/** In no channel. */
export interface Outside {
  readonly kind: 'outside'
}

/** Access control has yet to answer. */
export interface Joining {
  readonly kind: 'joining'
  readonly ticket: number
  readonly frame: JoinFrame
}

/** The store has yet to answer. */
export interface Entering {
  readonly kind: 'entering'
  readonly frame: JoinFrame
  readonly peer: string
  /** The client has left before it was in; `id` is of that request. */
  leaving: { readonly id: number | undefined } | undefined
}

export interface Joined {
  readonly kind: 'joined'
  readonly channel: LocalChannel
  readonly peer: string
  /** What it says begins so. */
  readonly messageHead: string
}

/** Somebody's hang-up ended the channel; the session is kept so that a client that was away hears of it. */
export interface Ended {
  readonly kind: 'ended'
}

/** A connection takes the session up, and the store has yet to say what it missed. */
export interface Resuming {
  readonly kind: 'resuming'
  readonly id: number | undefined
  /** `undefined` when it broke, too. */
  by: Connection | undefined
  /** Where it is, if this process had it already. */
  from: Joined | Ended | undefined
}

export function joinedAs(channel: LocalChannel, peer: string): Joined {
  return { kind: 'joined', channel, peer, messageHead: messageHead(peer) }
}

export const outside: Outside = { kind: 'outside' }
export const ended: Ended = { kind: 'ended' }

export function createSession(token: string, isResumable: boolean): Session {
  return { token, connection: undefined, isResumable, place: outside, received: 0, unacknowledged: 0 }
}

export function placeOf({ place }: Session): Joined | typeof ended | undefined {
  if (place.kind === 'resuming') return place.from
  return place.kind === 'joined' || place.kind === 'ended' ? place : undefined
}

/** Whether an end says by this code that it will not come back, or must not. */
export function isFarewell(code: number): boolean {
  return FAREWELLS.has(code)
}

const FAREWELLS: ReadonlySet<number> = new Set([
  CloseCode.normal,
  CloseCode.goingAway,
  // A goodbye without a reason.
  1005,
  CloseCode.frameTooLarge,
  CloseCode.rateLimited,
  1007,
])
