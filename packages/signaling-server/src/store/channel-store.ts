import type { ErrorCode } from '@purertc/signaling-protocol'

import type { ChannelEvent, ChannelId, SaidEvent } from './channel-event.ts'

/**
 * Where channels are: who is in them, in which order things happened, and what was said lately. The hub of a process
 * asks; processes that share a store share channels. `MemoryStore` is the one of a process on its own, `RedisStore` (in
 * `@purertc/signaling-server/redis`) the one of many. Another one, for NATS or Valkey, implements this interface and
 * passes the conformance suite in `test/conformance`.
 *
 * What a store promises:
 * - The events of one channel have one order and growing numbers, and every process that has members in the channel is
 *   handed those that concern its members in that order, each once.
 * - A command takes effect once, even where its answer was lost on the way and it was sent again.
 * - What cannot be kept, because the store was restarted without its memory, is reported by `lost`, never passed over.
 */
export interface ChannelStore {
  /** Called once, before everything else. */
  open(host: ChannelStoreHost, limits: StoreLimits): void
  /** Brings a session into a channel. `done` hears whether; before or after it, the host is handed the event. */
  join(session: string, request: JoinCommand, done: (outcome: JoinOutcome) => void): void
  /** Says something in the session's channel. The host hears what became of it by `said`, at once or later. */
  say(session: string, said: SayCommand): void
  /** Takes a session out of its channel; `done` hears how many members stay. */
  leave(session: string, done: (count: number) => void): void
  /**
   * Makes this process the one that serves a session, and reads what it missed. `done` is called in order with
   * `deliver`: what was delivered before is among what was missed, what is delivered after is not. A session whose
   * missed events are not all kept any more is taken out of its channel.
   */
  resume(session: string, request: ResumeCommand, done: (outcome: ResumeOutcome) => void): void
  /** A client has everything up to this event: a hint, for what nobody can miss any more need not be kept. */
  acknowledge(session: string, seq: number): void
  /** The names of a channel's members on all processes, in the order they came. */
  membersOf(channel: string, done: (peers: readonly string[]) => void): void
  /** Whether commands get through at present. */
  readonly isReady: boolean
  /** Lets go of the sessions, which may be resumed on other processes, and of everything else. */
  close(): Promise<void>
}

/** What a store tells its hub. Calls may come from within calls of the store, and at any other time. */
export interface ChannelStoreHost {
  /** Something happened in a channel that concerns members served here. */
  deliver(channel: ChannelId, event: ChannelEvent): void
  said(session: string, said: SayCommand, outcome: SayOutcome): void
  /** Another process serves the session now. */
  revoked(session: string): void
  /** The process that served the session is dead: it is this one's now, and without a connection. */
  adopted(now: number, session: string, membership: Membership): void
  /** What the store knew of these sessions is gone; of all sessions where none are named. */
  lost(sessions?: readonly string[]): void
  /** The store is out of reach, or failed in a way that it cannot make good. */
  failed(error: Error): void
}

export interface StoreLimits {
  /** Members of one channel. */
  readonly members: number
  readonly channels: number
  /** Frames that a channel of one keeps for a peer to come, and their characters and bytes together. */
  readonly keptFrames: number
  readonly keptLength: number
  /** Events of one channel that are kept for members that are away, and their characters and bytes together. */
  readonly loggedEvents: number
  readonly loggedLength: number
}

export interface JoinCommand {
  readonly channel: string
  readonly peer: string
  /** A JSON object with `peer` and `metadata`. */
  readonly member: string
  /** Whether the session outlives its socket. */
  readonly isResumable: boolean
  readonly id: number | undefined
}

export type JoinFault =
  | typeof ErrorCode.peerTaken
  | typeof ErrorCode.channelFull
  | typeof ErrorCode.tooManyChannels
  | typeof ErrorCode.unavailable

export type JoinOutcome =
  { readonly fault: JoinFault } | { readonly fault: null; readonly channel: ChannelId; readonly seq: number }

/** A frame to hand on, or a hang-up. */
export interface SayCommand {
  /** `message` is kept beside a new description for a peer to come, `description` replaces what was said before. */
  readonly topic: 'description' | 'candidate' | 'renegotiate' | 'message' | 'bye'
  readonly to: string | undefined
  readonly except: string | undefined
  readonly n: number | undefined
  readonly id: number | undefined
  readonly body: string
  readonly bytes: Uint8Array | undefined
  /** Of a hang-up: whether the channel ends with it. */
  readonly ends: boolean
}

export type SayOutcome =
  /** How many get it. */
  | { readonly kind: 'accepted'; readonly count: number }
  /** Its number is one that was seen before. */
  | { readonly kind: 'repeated' }
  | {
      readonly kind: 'refused'
      readonly fault: typeof ErrorCode.bufferFull | typeof ErrorCode.notJoined | typeof ErrorCode.unavailable
    }

export interface ResumeCommand {
  /** The last event that the client has; `undefined`: none, not even the one that it joined by. */
  readonly seq: number | undefined
  /** The first of its numbers that the client has no answer to. */
  readonly unanswered: number | undefined
}

/** Where a session is. */
export interface Membership {
  readonly channel: ChannelId
  readonly name: string
  readonly peer: string
  /** The last number that was accepted from it; 0 at first. */
  readonly received: number
}

export type ResumeOutcome =
  | { readonly fault: typeof ErrorCode.resumeFailed | typeof ErrorCode.unavailable }
  | {
      readonly fault: null
      readonly membership: Membership
      /** Everything after `seq`, as far as it concerns the session, in order. */
      readonly missed: readonly ChannelEvent[]
      /** What the session itself said from `unanswered` on, and is not in `missed`. */
      readonly unanswered: readonly ChannelEvent[]
    }

/** Whether an event is one that a member of this name hears, or an answer to what it said. */
export function concerns(event: ChannelEvent, peer: string): boolean {
  return event.kind !== 'said' || hears(event, peer) || (event.from === peer && event.id !== undefined)
}

/** Whether something said is for a member of this name. */
export function hears({ from, to, except }: SaidEvent, peer: string): boolean {
  return to === undefined ? peer !== from && peer !== except : peer === to && peer !== from
}

/** Splits what a channel kept into what a session missed, and what it said without having an answer. */
export function missedBy(
  events: Iterable<ChannelEvent>,
  peer: string,
  after: number,
  { unanswered = Infinity }: ResumeCommand,
): { readonly missed: readonly ChannelEvent[]; readonly unanswered: readonly ChannelEvent[] } {
  const missed: ChannelEvent[] = []
  const open: ChannelEvent[] = []
  for (const event of events) {
    if (event.seq > after) {
      if (concerns(event, peer)) missed.push(event)
    } else if ((event.kind === 'said' || event.kind === 'bye') && event.from === peer) {
      if (event.n !== undefined && event.n >= unanswered) open.push(event)
    }
  }
  return { missed, unanswered: open }
}
