import * as v from 'valibot'

import { frameLimits } from './constants.ts'
import type { Json } from './json.ts'

const NAME = new RegExp(`^\\P{C}{1,${frameLimits.name}}$`, 'u')
/** Most names, in half the time. */
const PLAIN_NAME = new RegExp(`^[ -~]{1,${frameLimits.name}}$`)

/** Any JSON value. What is validated came out of `JSON.parse`, so only its absence can be wrong. */
export const json = v.custom<Json>((value) => value !== undefined)

/** A channel or a peer: 1 to 128 characters that can be seen, which leaves no room for look-alikes by format marks. */
export const name = v.pipe(v.string(), v.regex(NAME))

export function isName(text: string): boolean {
  return PLAIN_NAME.test(text) || NAME.test(text)
}

/** The sender's number for a request; the answer carries it. */
export const requestId = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** A place in an order that grows: of a channel's events, or of a client's frames. */
export const sequence = v.pipe(v.number(), v.safeInteger(), v.minValue(1))

/** Annotated: TypeScript gives up on what would be inferred when it reads it back from the declarations. */
export const metadata: v.GenericSchema<unknown, Json> = v.pipe(
  json,
  v.check(
    (value) => JSON.stringify(value).length <= frameLimits.metadata,
    `at most ${frameLimits.metadata} characters`,
  ),
)

export const description = v.object({
  type: v.picklist(['offer', 'answer']),
  sdp: v.string(),
})

/** `RTCIceCandidateInit` of the W3C. */
export const candidate = v.object({
  candidate: v.pipe(v.string(), v.maxLength(frameLimits.candidate)),
  sdpMid: v.exactOptional(v.nullable(v.pipe(v.string(), v.maxLength(256)))),
  sdpMLineIndex: v.exactOptional(
    v.nullable(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  ),
  usernameFragment: v.exactOptional(v.nullable(v.pipe(v.string(), v.maxLength(256)))),
})

/** `RTCIceServer` of the W3C. */
export const iceServer = v.object({
  urls: v.union([v.string(), v.array(v.string())]),
  username: v.exactOptional(v.string()),
  credential: v.exactOptional(v.string()),
})

/** Which side makes the offer between two members: the one that was there first. */
export const role = v.picklist(['offerer', 'answerer'])

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

/** Seconds. */
export const lifetime = v.pipe(v.number(), v.minValue(0))

export const member = v.object({ peer: name, metadata: v.optional(metadata) })

export type Description = v.InferOutput<typeof description>
export type Candidate = v.InferOutput<typeof candidate>
export type IceServer = v.InferOutput<typeof iceServer>
export type Role = v.InferOutput<typeof role>
export type Member = v.InferOutput<typeof member>
