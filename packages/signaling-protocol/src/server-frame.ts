import * as v from 'valibot'

import {
  candidate,
  count,
  description,
  iceServer,
  json,
  member,
  metadata,
  name,
  requestId,
  role,
} from './values.ts'

/** The first frame of every connection. */
const welcome = v.object({
  type: v.literal('welcome'),
  version: v.number(),
  iceServers: v.array(iceServer),
})

/** The answer to `join`. */
const joined = v.object({
  type: v.literal('joined'),
  channel: name,
  /** The name this peer is known by. */
  peer: name,
  /** This peer's role toward everybody who is already there; `offerer` when nobody is. */
  role,
  /** Members, this peer included. */
  count,
  /** The other members, in the order they came. */
  members: v.array(member),
  id: v.optional(requestId),
})

/** This connection is out of the channel: it left, or someone hung up and the session ended for all. */
const left = v.object({
  type: v.literal('left'),
  channel: name,
  reason: v.picklist(['leave', 'hangup']),
  id: v.optional(requestId),
})

const peerJoined = v.object({
  type: v.literal('peer-joined'),
  peer: name,
  metadata: v.optional(metadata),
  count,
  /** The receiver's role toward the newcomer. */
  role,
  /** How many frames that the receiver had sent to the empty channel were now handed to the newcomer. */
  replayed: count,
})

const peerLeft = v.object({ type: v.literal('peer-left'), peer: name, count })

const relayedDescription = v.object({ type: v.literal('description'), from: name, description })
const relayedCandidate = v.object({
  type: v.literal('candidate'),
  from: name,
  candidate: v.nullable(candidate),
})
const relayedMessage = v.object({ type: v.literal('message'), from: name, data: json })

/** A member hung up. */
const remoteClose = v.object({ type: v.literal('remote-close'), peer: name })

/** The answer to a relayed frame that has an `id`, or whose `to` names nobody. */
const delivered = v.object({
  type: v.literal('delivered'),
  to: v.optional(name),
  /** Whether anybody was there to get it; false also while it waits for a first peer to come. */
  delivered: v.boolean(),
  /** How many got it. */
  count,
  id: v.optional(requestId),
})

const error = v.object({
  type: v.literal('error'),
  /** An `ErrorCode`; a newer server may have more. */
  code: v.string(),
  message: v.string(),
  id: v.optional(requestId),
})

const pong = v.object({ type: v.literal('pong'), id: v.optional(requestId) })

/** What a server sends. */
export const serverFrame = v.variant('type', [
  welcome,
  joined,
  left,
  peerJoined,
  peerLeft,
  relayedDescription,
  relayedCandidate,
  relayedMessage,
  remoteClose,
  delivered,
  error,
  pong,
])
export type ServerFrame = v.InferOutput<typeof serverFrame>
export type ServerFrameOf<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>
