import type { ServerFrame, ServerFrameOf, subprotocol } from '@purertc/signaling-protocol'

/**
 * Reads what a server sent: a frame, `unknown` for a type of a later version, `null` for what is no frame. The
 * protocol's own decoder would say the same; it is not used because a page loads this package without a bundler, and
 * so without `valibot`.
 */
export function readServerFrame(text: string): ServerFrame | 'unknown' | null {
  const value = parse(text)
  if (!isObject(value) || typeof value['type'] !== 'string') return null
  const shape = Object.hasOwn(SHAPES, value['type'])
    ? SHAPES[value['type'] as ServerFrame['type']]
    : undefined
  if (shape === undefined) return 'unknown'
  const checks: readonly [string, Check][] = Object.entries(shape)
  return checks.every(([field, check]) => check(value[field])) ? (value as unknown as ServerFrame) : null
}

type Check = (value: unknown) => boolean

/** A check for every field of every frame: one that is forgotten does not compile. */
type Shapes = {
  readonly [Type in ServerFrame['type']]: {
    readonly [Field in Exclude<keyof ServerFrameOf<Type>, 'type'>]-?: Check
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isText: Check = (value) => typeof value === 'string'
export const isName: Check = (value) => typeof value === 'string' && value !== ''
const isNumber: Check = (value) => typeof value === 'number'
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
export const isSequence: Check = (value) => isCount(value) && value !== 0
const isSpan: Check = (value) => isNumber(value) && (value as number) >= 0
const isBoolean: Check = (value) => typeof value === 'boolean'
const isPresent: Check = (value) => value !== undefined
const isAnything: Check = () => true
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)
const nullable =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)
const oneOf =
  (...values: readonly string[]): Check =>
  (value) =>
    values.includes(value as string)
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const shaped =
  (shape: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(shape).every(([field, check]) => check(value[field]))

const isRole = oneOf('offerer', 'answerer')
const isId = optional(isCount)
const isIceServer = shaped({
  urls: (value) => isText(value) || listOf(isText)(value),
  username: optional(isText),
  credential: optional(isText),
})
const isCandidate = shaped({
  candidate: isText,
  sdpMid: optional(nullable(isText)),
  sdpMLineIndex: optional(nullable(isCount)),
  usernameFragment: optional(nullable(isText)),
})

const SHAPES: Shapes = {
  welcome: {
    version: isNumber,
    session: isText,
    resumeWithin: isCount,
    iceServers: listOf(isIceServer),
    lifetime: optional(isSpan),
  },
  'ice-servers': { iceServers: listOf(isIceServer), lifetime: optional(isSpan) },
  joined: {
    channel: isName,
    peer: isName,
    role: isRole,
    polite: isBoolean,
    count: isCount,
    members: listOf(shaped({ peer: isName, metadata: isAnything })),
    seq: isSequence,
    id: isId,
  },
  resumed: { channel: isName, peer: isName, received: isCount, id: isId },
  left: { channel: isName, reason: oneOf('leave', 'hangup'), seq: optional(isSequence), id: isId },
  'peer-joined': {
    peer: isName,
    metadata: isAnything,
    count: isCount,
    role: isRole,
    polite: isBoolean,
    replayed: isCount,
    seq: isSequence,
  },
  'peer-left': { peer: isName, count: isCount, seq: isSequence },
  description: {
    from: isName,
    description: shaped({ type: oneOf('offer', 'answer'), sdp: isText }),
    seq: isSequence,
  },
  candidate: { from: isName, candidate: nullable(isCandidate), seq: isSequence },
  renegotiate: { from: isName, restart: optional(isBoolean), seq: isSequence },
  message: { from: isName, data: isPresent, seq: isSequence },
  'remote-close': { peer: isName, seq: isSequence },
  delivered: { to: optional(isName), delivered: isBoolean, count: isCount, id: isId },
  ack: { n: isSequence },
  drain: { within: isCount },
  error: { code: isText, message: isText, id: isId },
  pong: { id: isId },
}

/** Its type is the protocol's constant: another text would not compile. */
export const SUBPROTOCOL: typeof subprotocol = 'v1.signaling.purertc'
