import type { Json } from '@purertc/signaling-protocol'

import type { ReconnectOptions } from './backoff.ts'
import type { Scheduler } from './platform.ts'
import type { WebSocketConstructor } from './web-socket.ts'

export interface SignalingClientOptions {
  /**
   * `ws:` or `wss:`. Of several, another one is tried whenever one cannot be reached or goes. A function is asked
   * before every try: for a URL with a ticket in it.
   */
  readonly url: SignalingUrl | (() => SignalingUrl)
  /** The WebSocket class; by default the platform's. On Node 20: the one of `ws`. */
  readonly WebSocket?: WebSocketConstructor
  /** Whether, and how, it comes back when its connection broke; it does by default. */
  readonly reconnect?: ReconnectOptions | false
  /** Milliseconds that an answer may take, 10,000 by default; `Infinity` waits for ever. */
  readonly timeout?: number
  /** Milliseconds without a word from the server until it is asked for one, 25,000 by default. */
  readonly quietAfter?: number
  /** Closes the client when it aborts. */
  readonly signal?: AbortSignal
  /** Timers; the platform's by default. */
  readonly scheduler?: Scheduler
  /** From 0 to 1, for the time between tries; the platform's by default. */
  readonly random?: () => number
}

export type SignalingUrl = string | URL | readonly (string | URL)[]

/** How to enter a channel. */
export interface JoinOptions {
  /** The name to be known by; the server makes one up without it. */
  readonly peer?: string | undefined
  /** Shown to the other members; at most 4,096 characters as JSON. */
  readonly metadata?: Json | undefined
  /** Shown to the server's access control only. A function is asked again where the channel is joined again. */
  readonly token?: string | (() => string) | undefined
  /** Gives up waiting, and leaves, when it aborts. */
  readonly signal?: AbortSignal | undefined
}

/** Whom a message is for; all others of the channel by default. */
export interface Audience {
  /** This one only. */
  readonly to?: string | undefined
  /** All but this one. */
  readonly except?: string | undefined
}

/** `RTCIceCandidateInit` of the W3C, or an `RTCIceCandidate`. */
export interface CandidateInit {
  readonly candidate: string
  readonly sdpMid?: string | null | undefined
  readonly sdpMLineIndex?: number | null | undefined
  readonly usernameFragment?: string | null | undefined
}

/** `open` means that frames go out at once; in `reconnecting` they wait. */
export type SignalingClientState = 'closed' | 'connecting' | 'open' | 'reconnecting'
