import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

import type { IceServer, Json } from '@purertc/signaling-protocol'

import type { JoinDecision } from '../host.ts'
import type { HubLimits } from '../limits.ts'
import type { ChannelStore } from '../store/channel-store.ts'
import type { SignalingPeer } from './signaling-peer.ts'

/** What one server allows. */
export interface SignalingServerLimits extends HubLimits {
  /** Open connections and those being admitted, 10,000 by default; one more is answered with 503. */
  readonly connections: number
  /**
   * Of these from one address, or one /64 of IPv6, 256 by default: many people sit behind one. One more is answered with
   * 429.
   */
  readonly connectionsPerAddress: number
  /** Of these by one user, as `authenticate` names it, 16 by default; one more is answered with 429. */
  readonly connectionsPerUser: number
  /** UTF-8 bytes of one frame, 262,144 by default and at most; a longer one closes with 1009. */
  readonly frameBytes: number
  /** Bytes that wait for a slow reader, 1 MiB by default; more, and it is cut off. */
  readonly sendBuffer: number
}

/** Somebody asks to enter a channel. */
export interface Subscription {
  readonly client: SignalingPeer
  readonly channel: string
  /** The name asked for; `undefined` when the server is to choose. */
  readonly peer: string | undefined
  readonly metadata: Json | undefined
  /** The token of the `join`: what a ticket or session is checked by. */
  readonly token: string | undefined
}

/** ICE servers with credentials that expire. */
export interface ExpiringIceServers {
  readonly iceServers: readonly IceServer[]
  /** Seconds for which the credentials hold. Others are made, and pushed, when three quarters of it are over. */
  readonly lifetime: number
}

/** What renders metrics, such as a `Registry` of prom-client. */
export interface MetricsRegistry {
  readonly contentType: string
  metrics(): string | Promise<string>
}

export interface SignalingServerOptions {
  /** An HTTP or HTTPS server to attach to; its requests and other upgrades are left alone. */
  readonly server?: HttpServer | HttpsServer
  /**
   * A port to listen on, 8080 by default where there is no `server` to attach to; 0 picks a free one. It answers
   * `/health`, `/ready` and, with a `registry`, `/metrics` too. With `null` it does not listen: hand upgrades to
   * `handleUpgrade`.
   */
  readonly port?: number | null
  /** The address to listen on; all of them by default. */
  readonly host?: string
  /** The path of the URL that upgrades must have; any by default. */
  readonly path?: string
  /** Pushed right after the connection opens: a list, or what makes one for the request. */
  readonly iceServers?:
    | readonly IceServer[]
    | ((
        request: IncomingMessage,
      ) => readonly IceServer[] | ExpiringIceServers | Promise<readonly IceServer[] | ExpiringIceServers>)
  /**
   * Origins of web pages that may connect, such as `https://example.org`; all by default. Clients that send no
   * origin are no browsers, and pass a list; a function decides on them too.
   */
  readonly origins?: readonly string[] | ((origin: string | undefined, request: IncomingMessage) => boolean)
  /** Whether a hang-up ends the session of all members (default) or is only told to them. */
  readonly closeSessionOnHangup?: boolean
  /** Who connects: the user's name, or `null`, which refuses with 401. */
  readonly authenticate?: (request: IncomingMessage) => string | null | Promise<string | null>
  /** The client's address, for limits; the socket's by default. Behind a proxy: what the proxy says it is. */
  readonly addressOf?: (request: IncomingMessage) => string
  /** Whether a connection may open; refused with 403. A hook that throws refuses with 500. */
  readonly beforeConnect?: (request: IncomingMessage) => boolean | Promise<boolean>
  /** Whether a peer may enter a channel; refused with `join-refused`, also when the hook throws. */
  readonly beforeSubscription?: (subscription: Subscription) => JoinDecision | Promise<JoinDecision>
  readonly limits?: Partial<SignalingServerLimits>
  /** Where channels are; in this process's memory by default. A `RedisStore` shares them with other processes. */
  readonly store?: ChannelStore
  /** Served as `/metrics` on the own port. */
  readonly registry?: MetricsRegistry
}
