import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Server as HttpsServer } from 'node:https'

import type { IceServer, Json } from '@purertc/signaling-protocol'

import type { HubLimits } from '../limits.ts'
import type { SignalingPeer } from './peer.ts'

/** What one server allows. */
export interface SignalingServerLimits extends HubLimits {
  /** Open connections and those being admitted, 10,000 by default; one more is answered with 503. */
  readonly connections: number
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

export interface SignalingServerOptions {
  /** An HTTP or HTTPS server to attach to; its requests and other upgrades are left alone. */
  readonly server?: HttpServer | HttpsServer
  /** A port to listen on; 0 picks a free one. Without `server` and `port`, hand upgrades to `handleUpgrade`. */
  readonly port?: number
  /** The address to listen on; all of them by default. */
  readonly host?: string
  /** The path of the URL that upgrades must have; any by default. */
  readonly path?: string
  /** Sent right after the connection opens: a list, or what makes one for the request, such as credentials that expire. */
  readonly iceServers?:
    | readonly IceServer[]
    | ((request: IncomingMessage) => readonly IceServer[] | Promise<readonly IceServer[]>)
  /**
   * Origins of web pages that may connect, such as `https://example.org`; all by default. Clients that send no
   * origin are no browsers, and pass a list; a function decides on them too.
   */
  readonly origins?: readonly string[] | ((origin: string | undefined, request: IncomingMessage) => boolean)
  /** Whether a hang-up ends the session of all members (default) or is only told to them. */
  readonly closeSessionOnHangup?: boolean
  /** Whether a connection may open; refused with 403. A hook that throws refuses with 500. */
  readonly beforeConnect?: (request: IncomingMessage) => boolean | Promise<boolean>
  /** Whether a peer may enter a channel; refused with `join-refused`, also when the hook throws. */
  readonly beforeSubscription?: (subscription: Subscription) => boolean | Promise<boolean>
  readonly limits?: Partial<SignalingServerLimits>
}
