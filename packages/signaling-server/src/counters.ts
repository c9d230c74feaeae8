import type { ErrorCode } from '@purertc/signaling-protocol'

/** What a hub has seen since it began. */
export interface HubCounters {
  /** Frames of clients, sound or not. */
  readonly framesReceived: number
  readonly framesSent: number
  /** Frames of clients that were handed on, and how many copies of them. */
  readonly relayed: number
  readonly deliveries: number
  /** Numbered frames that came again after a resumption and were not handed on again. */
  readonly repeated: number
  readonly joins: number
  readonly resumptions: number
  readonly resumptionsFailed: number
  /** Frames that were sent again after a resumption. */
  readonly replayed: number
  /** Members that did not come back in time. */
  readonly expired: number
  /** Refusals by code. */
  readonly refusals: Readonly<Partial<Record<ErrorCode, number>>>
}

export type MutableCounters = { -readonly [Name in Exclude<keyof HubCounters, 'refusals'>]: number } & {
  readonly refusals: Partial<Record<ErrorCode, number>>
}

export function createCounters(): MutableCounters {
  return {
    framesReceived: 0,
    framesSent: 0,
    relayed: 0,
    deliveries: 0,
    repeated: 0,
    joins: 0,
    resumptions: 0,
    resumptionsFailed: 0,
    replayed: 0,
    expired: 0,
    refusals: {},
  }
}
