import type { ClientBinaryHeader, ClientFrame, CloseCode, ErrorCode, Json } from '@purertc/signaling-protocol'

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

/** The answer to a {@link JoinRequest}. */
export type JoinDecision =
  | boolean
  /** Let in, under this name whatever was asked for. */
  | { readonly accepted: true; readonly peer?: string | undefined }
  | {
      readonly accepted: false
      readonly code: typeof ErrorCode.joinRefused | typeof ErrorCode.unauthenticated
    }

/**
 * What a hub asks of its host. Calls come after the hub's state is settled, in order; each may call back into the
 * hub.
 */
export interface SignalingHubHost {
  /** Text, or the bytes of a binary frame. */
  send(connection: ConnectionId, frame: string | Uint8Array): void
  /** The hub has forgotten the connection; with the code of a dead or slow one there is nobody to say goodbye to. */
  close(connection: ConnectionId, code: CloseCode, reason: string): void
  /** Asks for a sign of life, which comes back as `handleControl`. */
  ping(connection: ConnectionId): void
  /** A name nobody else has, for a peer that asks for none. */
  newPeerName(): string
  /** A secret that nobody can guess, which a session is resumed by. */
  newSessionToken(): string
  /** Access control: answered by `settleJoin` with the ticket, at once or later. */
  joinRequested(request: JoinRequest): void
  /** The credentials of the ICE servers that a connection was told of run out: answered by `updateIceServers`. */
  iceServersExpire?(connection: ConnectionId): void
  /** A connection is in a channel now, which has `count` members. */
  subscribed?(connection: ConnectionId, channel: string, peer: string, count: number): void
  /** A peer is out of a channel, which has `count` members left; `undefined` for one that was away. */
  unsubscribed?(connection: ConnectionId | undefined, channel: string, peer: string, count: number): void
  /** A connection has taken up where a broken one stopped. */
  resumed?(connection: ConnectionId, channel: string, peer: string, replayed: number): void
  /** A sound frame came. While this is undefined nobody wants to know, and frames need not be made of their texts. */
  readonly received?: ((connection: ConnectionId, frame: ClientFrame) => void) | undefined
  /** A sound binary frame came; the bytes are borrowed. */
  receivedBinary?(connection: ConnectionId, header: ClientBinaryHeader, data: Uint8Array): void
  /** `nextTimeout` may be earlier than it was, without a call of the host's. */
  rescheduled?(): void
  /** What processes share failed: commands wait or are refused until it is back. */
  failed?(error: Error): void
}
