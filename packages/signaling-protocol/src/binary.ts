import * as v from 'valibot'

import { clientBinaryHeader, type ClientBinaryHeader } from './client-frame.ts'
import { frameLimits } from './constants.ts'
import { explain, frameHead } from './explain.ts'
import { ErrorCode } from './error-code.ts'
import { parseJson } from './json.ts'
import { serverBinaryHeader, type ServerBinaryHeader } from './server-frame.ts'
import { SignalingError } from './signaling-error.ts'

/** A message of bytes: a header that says whom it is for or from, and the bytes. */
export interface BinaryMessage<Header> {
  readonly header: Header
  /** A view into the frame. */
  readonly data: Uint8Array
}

/**
 * A binary WebSocket frame: the header's length in two bytes, most significant first, the header as JSON in UTF-8,
 * and the bytes.
 */
export function encodeBinaryFrame(
  header: ClientBinaryHeader | ServerBinaryHeader,
  data: Uint8Array,
): Uint8Array {
  return joinBinaryFrame(JSON.stringify(header), data)
}

/** As {@link encodeBinaryFrame}, of a header that is text already. */
export function joinBinaryFrame(header: string, data: Uint8Array): Uint8Array {
  const text = new TextEncoder().encode(header)
  const frame = new Uint8Array(2 + text.length + data.length)
  frame[0] = text.length >> 8
  frame[1] = text.length & 0xff
  frame.set(text, 2)
  frame.set(data, 2 + text.length)
  return frame
}

/** Reads a binary frame of a client. */
export function decodeClientBinary(frame: Uint8Array): BinaryMessage<ClientBinaryHeader> | SignalingError {
  if (frame.length > frameLimits.bytes)
    return new SignalingError(ErrorCode.frameTooLarge, `a frame has at most ${frameLimits.bytes} bytes`)
  return decode(clientBinaryHeader, frame)
}

/** Reads a binary frame of a server. */
export function decodeServerBinary(frame: Uint8Array): BinaryMessage<ServerBinaryHeader> | SignalingError {
  return decode(serverBinaryHeader, frame)
}

function decode<Header>(
  schema: v.GenericSchema<unknown, Header>,
  frame: Uint8Array,
): BinaryMessage<Header> | SignalingError {
  const length = frame.length < 2 ? Infinity : (frame[0]! << 8) | frame[1]!
  if (length > frameLimits.binaryHeader || 2 + length > frame.length)
    return new SignalingError(ErrorCode.invalidFrame, 'a binary frame begins with its header')
  const value = parseJson(textOf(frame.subarray(2, 2 + length)))
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return { header: result.output, data: frame.subarray(2 + length) }
  const head = v.safeParse(frameHead, value)
  const id = head.success ? head.output.id : undefined
  return new SignalingError(ErrorCode.invalidFrame, explain(result.issues[0]), id)
}

/** What is no UTF-8 becomes what is no JSON of ours, or a name with marks of replacement in it. */
function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}
