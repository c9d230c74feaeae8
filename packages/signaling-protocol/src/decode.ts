import * as v from 'valibot'

import { clientFrame, type ClientFrame } from './client-frame.ts'
import { frameLimits } from './constants.ts'
import { ErrorCode } from './error-code.ts'
import { explain, frameHead } from './explain.ts'
import { type Json, parseJson } from './json.ts'
import { serverFrame, type ServerFrame } from './server-frame.ts'
import { SignalingError } from './signaling-error.ts'

/**
 * Reads what a client sent. Fields that this version does not know are left out. A bad frame is answered with the
 * {@link SignalingError}, not thrown.
 *
 * @example
 * const frame = decodeClientFrame(text)
 * if (frame instanceof SignalingError) reply({ type: 'error', code: frame.code, message: frame.message })
 * else if (frame.type === 'join') enter(frame.channel)
 */
export function decodeClientFrame(text: string): ClientFrame | SignalingError {
  // A UTF-16 unit is at least one byte; the transport's own limit on bytes catches the rest.
  if (text.length > frameLimits.bytes)
    return new SignalingError(ErrorCode.frameTooLarge, `a frame has at most ${frameLimits.bytes} bytes`)
  const value = parseJson(text)
  if (value === undefined) return NOT_JSON
  return decode(clientFrame, CLIENT_TYPES, value)
}

/** Reads what a server sent, as {@link decodeClientFrame} does; of any length, for a server adds to what it relays. */
export function decodeServerFrame(text: string): ServerFrame | SignalingError {
  const value = parseJson(text)
  return value === undefined ? NOT_JSON : decode(serverFrame, SERVER_TYPES, value)
}

/** The text of a frame. */
export function encodeFrame(frame: ClientFrame | ServerFrame): string {
  return JSON.stringify(frame)
}

type Frame = ClientFrame | ServerFrame

function decode<T extends Frame>(
  schema: v.GenericSchema<unknown, T>,
  types: ReadonlySet<string>,
  value: Json,
): T | SignalingError {
  const head = v.safeParse(frameHead, value)
  if (!head.success) return new SignalingError(ErrorCode.invalidFrame, 'a frame is an object with a type')
  const { type, id } = head.output
  if (!types.has(type)) return new SignalingError(ErrorCode.unknownType, 'no frame has that type', id)

  const result = v.safeParse(schema, value, { abortEarly: true })
  return result.success
    ? result.output
    : new SignalingError(ErrorCode.invalidFrame, explain(result.issues[0]), id)
}

function typesOf(schema: {
  readonly options: readonly { readonly entries: { readonly type: { readonly literal: string } } }[]
}): ReadonlySet<string> {
  return new Set(schema.options.map((option) => option.entries.type.literal))
}

const CLIENT_TYPES = typesOf(clientFrame)
const SERVER_TYPES = typesOf(serverFrame)
/** One for all: it has no request's number, and is made at every bad frame of a flood. */
const NOT_JSON = new SignalingError(ErrorCode.invalidJson, 'the frame is not JSON')
