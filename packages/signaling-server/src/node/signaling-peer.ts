import type { IncomingMessage } from 'node:http'

/** One connection, as events and hooks show it. */
export interface SignalingPeer {
  /** Counts up from 1. */
  readonly id: number
  /** The request that opened it: headers, URL. */
  readonly request: IncomingMessage
  /** Where it comes from. */
  readonly address: string
  /** Who it is, where the server authenticates. */
  readonly user: string | undefined
  /** The channel it is in. */
  readonly channel: string | undefined
  /** Its name there. */
  readonly peer: string | undefined
  /** Closes it, by default with 1000, which ends its session: the other members get `peer-left`. */
  close(code?: number, reason?: string): void
}
