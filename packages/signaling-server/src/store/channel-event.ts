/** One life of a channel: a name that is used again after all have gone is another one. */
export type ChannelId = string

/**
 * What happens in a channel, in one order for all of its members and on all processes. What a member hears is its
 * view of these events from the one on that brought it in, so that who was away reads on where it had stopped.
 */
export type ChannelEvent = JoinEvent | SaidEvent | ByeEvent | LeaveEvent | EndEvent

/** Somebody came. */
export interface JoinEvent {
  readonly kind: 'join'
  readonly seq: number
  readonly session: string
  readonly peer: string
  /** The newcomer as others see it: a JSON object with `peer` and `metadata`. */
  readonly member: string
  /** Those who were there, as a JSON array of such objects, in the order they came. */
  readonly members: string
  /** Members, the newcomer included. */
  readonly count: number
  /** How many frames that were kept for the newcomer follow. */
  readonly replayed: number
  /** Of the newcomer's request. */
  readonly id: number | undefined
}

/** Something was said: to one, or to all but one. */
export interface SaidEvent extends Answerable {
  readonly kind: 'said'
  readonly to: string | undefined
  readonly except: string | undefined
  /** The frame for those who hear it: a JSON object up to where its `seq` follows. */
  readonly body: string
  /** Of a binary message: what follows the frame. */
  readonly bytes: Uint8Array | undefined
}

/** Somebody hung up. */
export interface ByeEvent extends Answerable {
  readonly kind: 'bye'
}

/** What its sender may want an answer to. */
export interface Answerable {
  readonly seq: number
  /** The speaker. */
  readonly from: string
  /** The speaker's number for it. */
  readonly n: number | undefined
  /** Of the speaker's request. */
  readonly id: number | undefined
  /** How many it goes to. */
  readonly count: number
}

/** Somebody left, or did not come back in time. */
export interface LeaveEvent {
  readonly kind: 'leave'
  readonly seq: number
  readonly peer: string
  /** Members that stay. */
  readonly count: number
}

/** The channel ended for all of its members. */
export interface EndEvent {
  readonly kind: 'end'
  readonly seq: number
}
