import * as v from 'valibot'

import { frameLimits } from './constants.ts'
import { candidate, description, json, metadata, name, requestId, sequence } from './values.ts'

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
  /** Whether the membership outlives a broken socket for as long as `welcome` said. */
  resumable: v.optional(v.boolean()),
  id: v.optional(requestId),
})

/** Take up the session of a broken connection. Answered by `resumed` and all that was missed, or by `error`. */
const resume = v.object({
  type: v.literal('resume'),
  /** As `welcome` of that connection had it. */
  session: v.pipe(v.string(), v.minLength(1), v.maxLength(frameLimits.session)),
  /** The `seq` of the last frame that came; without it nothing came since `join`. */
  seq: v.optional(sequence),
  /** The first of the client's numbered frames that has no answer yet. */
  unanswered: v.optional(sequence),
  id: v.optional(requestId),
})

/** Go out of the channel, and stay connected. Answered by `left`. */
const leave = v.object({ type: v.literal('leave'), id: v.optional(requestId) })

/** What every frame has that is handed on. */
const relayed = {
  to: v.optional(name),
  /** The sender's number for the frame, growing; a number that was seen before is not handed on again. */
  n: v.optional(sequence),
  id: v.optional(requestId),
}

/** A session description for one peer, or for all. */
const sendDescription = v.object({ type: v.literal('description'), description, ...relayed })

/** A candidate for one peer, or for all; `null` is the end of candidates. */
const sendCandidate = v.object({
  type: v.literal('candidate'),
  candidate: v.nullable(candidate),
  ...relayed,
})

/** Asks whoever offers to negotiate anew. */
const sendRenegotiate = v.object({
  type: v.literal('renegotiate'),
  /** Whether a new path is to be found, too. */
  restart: v.optional(v.boolean()),
  ...relayed,
})

const sendMessage = v.object({
  type: v.literal('message'),
  except: v.optional(name),
  data: json,
  ...relayed,
})

/** The JSON in front of a binary message. */
export const clientBinaryHeader = v.object({
  type: v.literal('message'),
  except: v.optional(name),
  ...relayed,
})

/** Hang up: the others get `remote-close`. */
const bye = v.object({ type: v.literal('bye'), n: v.optional(sequence), id: v.optional(requestId) })

/** Everything up to this `seq` has come, and need not be kept. */
const ack = v.object({ type: v.literal('ack'), seq: sequence })

/** Answered by `pong`; for clients that cannot see WebSocket pings, as in a browser. */
const ping = v.object({ type: v.literal('ping'), id: v.optional(requestId) })

/** What a client sends. */
export const clientFrame = v.variant('type', [
  join,
  resume,
  leave,
  sendDescription,
  sendCandidate,
  sendRenegotiate,
  sendMessage,
  bye,
  ack,
  ping,
])
export type ClientFrame = v.InferOutput<typeof clientFrame>
export type ClientFrameOf<Type extends ClientFrame['type']> = Extract<ClientFrame, { type: Type }>

export type JoinFrame = v.InferOutput<typeof join>
export type ResumeFrame = v.InferOutput<typeof resume>
/** The frames that the server hands on. */
export type RelayedFrame =
  | v.InferOutput<typeof sendDescription>
  | v.InferOutput<typeof sendCandidate>
  | v.InferOutput<typeof sendRenegotiate>
  | v.InferOutput<typeof sendMessage>
export type ClientBinaryHeader = v.InferOutput<typeof clientBinaryHeader>
