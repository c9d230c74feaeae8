import type { ClientFrame, CloseCode, Json } from '@purertc/signaling-protocol'

/** The host's number for a connection. */
export type ConnectionId = number

/** Somebody asks to enter a channel. */
export interface JoinRequest {
  /** Names this request in `settleJoin`. */
  readonly ticket: number
  readonly connection: ConnectionId
  readonly channel: string
  /** The name asked for. */
  readonly peer: string | undefined
  readonly metadata: Json | undefined
  readonly token: string | undefined
}

/**
 * What a hub asks of its host. Calls come after the hub's state is settled, in order; each may call back into the
 * hub.
 */
export interface SignalingHubHost {
  send(connection: ConnectionId, text: string): void
  /** The hub has forgotten the connection; with the code of a dead or slow one there is nobody to say goodbye to. */
  close(connection: ConnectionId, code: CloseCode, reason: string): void
  /** Asks for a sign of life, which comes back as `handleAlive`. */
  ping(connection: ConnectionId): void
  /** A name nobody else has, for a peer that asks for none. */
  newPeerName(): string
  /** Access control: answered by `settleJoin` with the ticket, at once or later. */
  joinRequested(request: JoinRequest): void
  /** A connection is in a channel now, which has `count` members. */
  subscribed?(connection: ConnectionId, channel: string, peer: string, count: number): void
  /** A connection is out of a channel, which has `count` members left. */
  unsubscribed?(connection: ConnectionId, channel: string, peer: string, count: number): void
  /** A sound frame came. */
  received?(connection: ConnectionId, frame: ClientFrame): void
}
