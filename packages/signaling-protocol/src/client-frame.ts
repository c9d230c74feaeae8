import * as v from 'valibot'

import { frameLimits } from './constants.ts'
import { candidate, description, json, metadata, name, requestId } from './values.ts'

/** Enter a channel. Answered by `joined` or `error`. */
const join = v.object({
  type: v.literal('join'),
  channel: name,
  /** The name to be known by; without it the server makes one up. */
  peer: v.optional(name),
  /** Shown to the other members. */
  metadata: v.optional(metadata),
  /** Shown to nobody but the server's access control. */
  token: v.optional(v.pipe(v.string(), v.maxLength(frameLimits.token))),
  id: v.optional(requestId),
})

/** Go out of the channel, and stay connected. Answered by `left`. */
const leave = v.object({ type: v.literal('leave'), id: v.optional(requestId) })

/** A session description for one peer, or for all. */
const sendDescription = v.object({
  type: v.literal('description'),
  to: v.optional(name),
  description,
  id: v.optional(requestId),
})

/** A candidate for one peer, or for all; `null` is the end of candidates. */
const sendCandidate = v.object({
  type: v.literal('candidate'),
  to: v.optional(name),
  candidate: v.nullable(candidate),
  id: v.optional(requestId),
})

/** Anything of the application's own, for one peer, for all, or for all but one. */
const sendMessage = v.object({
  type: v.literal('message'),
  to: v.optional(name),
  except: v.optional(name),
  data: json,
  id: v.optional(requestId),
})

/** Hang up: the others get `remote-close`. */
const bye = v.object({ type: v.literal('bye'), id: v.optional(requestId) })

/** Answered by `pong`; for clients that cannot see WebSocket pings, as in a browser. */
const ping = v.object({ type: v.literal('ping'), id: v.optional(requestId) })

/** What a client sends. */
export const clientFrame = v.variant('type', [
  join,
  leave,
  sendDescription,
  sendCandidate,
  sendMessage,
  bye,
  ping,
])
export type ClientFrame = v.InferOutput<typeof clientFrame>

export type JoinFrame = v.InferOutput<typeof join>
/** The frames that the server hands on. */
export type RelayedFrame =
  | v.InferOutput<typeof sendDescription>
  | v.InferOutput<typeof sendCandidate>
  | v.InferOutput<typeof sendMessage>
