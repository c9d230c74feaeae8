import { type Reader, toUtf8, Writer } from '@purertc/bytes'

import { type Parameter, readParameters, writeParameter } from './tlv.ts'

/** Cause codes of ERROR and ABORT chunks, RFC 9260 §3.3.10. */
export const CauseCode = {
  invalidStreamIdentifier: 1,
  missingMandatoryParameter: 2,
  staleCookie: 3,
  outOfResource: 4,
  unresolvableAddress: 5,
  unrecognizedChunkType: 6,
  invalidMandatoryParameter: 7,
  unrecognizedParameters: 8,
  noUserData: 9,
  cookieReceivedWhileShuttingDown: 10,
  restartWithNewAddresses: 11,
  userInitiatedAbort: 12,
  protocolViolation: 13,
} as const
export type CauseCode = (typeof CauseCode)[keyof typeof CauseCode]

/** One error cause; it has the form of a parameter. `value` is borrowed. */
export type ErrorCause = Parameter

export const decodeCauses: (value: Reader) => ErrorCause[] = readParameters
export const encodeCause: (writer: Writer, cause: ErrorCause) => void = writeParameter

/** RFC 9260 §3.3.10.12 and §3.3.10.13: the value is text for people. */
export function textCause(type: CauseCode, text: string): ErrorCause {
  return { type, value: toUtf8(text) }
}

/** RFC 9260 §3.3.10.1. */
export function invalidStreamCause(stream: number): ErrorCause {
  return { type: CauseCode.invalidStreamIdentifier, value: Uint8Array.of(stream >>> 8, stream, 0, 0) }
}

/** RFC 9260 §3.3.10.2. */
export function missingParameterCause(parameterType: number): ErrorCause {
  return {
    type: CauseCode.missingMandatoryParameter,
    value: Uint8Array.of(0, 0, 0, 1, parameterType >>> 8, parameterType),
  }
}

/** RFC 9260 §3.3.10.3: by how many milliseconds the cookie is too old; the wire has microseconds. */
export function staleCookieCause(staleness: number): ErrorCause {
  const writer = new Writer(4)
  writer.u32(Math.min(Math.max(0, Math.round(staleness * 1_000)), 0xffff_ffff))
  return { type: CauseCode.staleCookie, value: writer.finish() }
}
