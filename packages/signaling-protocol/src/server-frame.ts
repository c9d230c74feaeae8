import * as v from 'valibot'

import {
  candidate,
  count,
  description,
  iceServer,
  json,
  lifetime,
  member,
  metadata,
  name,
  requestId,
  role,
  sequence,
} from './values.ts'

/** The first frame of every connection. */
const welcome = v.object({
  type: v.literal('welcome'),
  version: v.number(),
  /** A secret: whoever knows it may resume this session. */
  session: v.string(),
  /** Milliseconds for which a broken session is kept; 0 where it is not. */
  resumeWithin: count,
  iceServers: v.array(iceServer),
  /** Seconds for which the ICE servers' credentials hold; others come before that. */
  lifetime: v.optional(lifetime),
})

/** Other ICE servers, before the credentials of those before expire. */
const iceServers = v.object({
  type: v.literal('ice-servers'),
  iceServers: v.array(iceServer),
  lifetime: v.optional(lifetime),
})

/** The answer to `join`. */
const joined = v.object({
  type: v.literal('joined'),
  channel: name,
  /** The name this peer is known by. */
  peer: name,
  /** This peer's role toward everybody who is already there; `offerer` when nobody is. */
  role,
  /** Whether this peer gives way where two offers meet: it does toward everybody who was there before. */
  polite: v.boolean(),
  /** Members, this peer included. */
  count,
  /** The other members, in the order they came. */
  members: v.array(member),
  seq: sequence,
  id: v.optional(requestId),
})

/** The answer to `resume`; what was missed follows. */
const resumed = v.object({
  type: v.literal('resumed'),
  channel: name,
  peer: name,
  /** The last of the client's numbered frames that came. */
  received: count,
  id: v.optional(requestId),
})

/** This connection is out of the channel: it left, or someone hung up and the session ended for all. */
const left = v.object({
  type: v.literal('left'),
  channel: name,
  reason: v.picklist(['leave', 'hangup']),
  seq: v.optional(sequence),
  id: v.optional(requestId),
})

const peerJoined = v.object({
  type: v.literal('peer-joined'),
  peer: name,
  metadata: v.optional(metadata),
  count,
  /** The receiver's role toward the newcomer. */
  role,
  /** Whether the receiver gives way to the newcomer: it does not, for it was there first. */
  polite: v.boolean(),
  /** How many frames that the receiver had sent to the empty channel are now handed to the newcomer. */
  replayed: count,
  seq: sequence,
})

const peerLeft = v.object({ type: v.literal('peer-left'), peer: name, count, seq: sequence })

const relayed = { from: name, seq: sequence }
const relayedDescription = v.object({ type: v.literal('description'), description, ...relayed })
const relayedCandidate = v.object({
  type: v.literal('candidate'),
  candidate: v.nullable(candidate),
  ...relayed,
})
const relayedRenegotiate = v.object({
  type: v.literal('renegotiate'),
  restart: v.optional(v.boolean()),
  ...relayed,
})
const relayedMessage = v.object({ type: v.literal('message'), data: json, ...relayed })

/** The JSON in front of a binary message. */
export const serverBinaryHeader = v.object({ type: v.literal('message'), ...relayed })

/** A member hung up. */
const remoteClose = v.object({ type: v.literal('remote-close'), peer: name, seq: sequence })

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

/** All of the client's numbered frames up to this one have come. */
const ack = v.object({ type: v.literal('ack'), n: sequence })

/** This process goes: connect again, here or elsewhere, at a moment of your choice within so many milliseconds. */
const drain = v.object({ type: v.literal('drain'), within: count })

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
  iceServers,
  joined,
  resumed,
  left,
  peerJoined,
  peerLeft,
  relayedDescription,
  relayedCandidate,
  relayedRenegotiate,
  relayedMessage,
  remoteClose,
  delivered,
  ack,
  drain,
  error,
  pong,
])
export type ServerFrame = v.InferOutput<typeof serverFrame>
export type ServerFrameOf<Type extends ServerFrame['type']> = Extract<ServerFrame, { type: Type }>
export type ServerBinaryHeader = v.InferOutput<typeof serverBinaryHeader>
