import { DecodeError, fromUtf8, type Reader, toUtf8, Writer } from '@purertc/bytes'

import type { Tsn } from '../tsn.ts'
import { encodeParameter, type Parameter, readParameters, writeParameter } from './tlv.ts'

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

/** The cause in words, with the peer's own where the cause has room for them. */
export function describeCause(cause: ErrorCause): string {
  const name = causeNames.get(cause.type) ?? `cause ${cause.type}`
  const hasText = cause.type === CauseCode.userInitiatedAbort || cause.type === CauseCode.protocolViolation
  return hasText && cause.value.length > 0 ? `${name} (${readText(cause.value)})` : name
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

/** RFC 9260 §3.3.10.3: by how many milliseconds the cookie is too old; the wire has microseconds, rounded up. */
export function staleCookieCause(staleness: number): ErrorCause {
  return { type: CauseCode.staleCookie, value: u32(Math.min(Math.ceil(staleness * 1_000), 0xffff_ffff)) }
}

/** RFC 9260 §3.3.10.5: the address parameter as it came. */
export function unresolvableAddressCause(address: Parameter): ErrorCause {
  return { type: CauseCode.unresolvableAddress, value: encodeParameter(address) }
}

/** RFC 9260 §3.3.10.9: the TSN of the chunk that is empty. */
export function noUserDataCause(tsn: Tsn): ErrorCause {
  return { type: CauseCode.noUserData, value: u32(tsn) }
}

function u32(value: number): Uint8Array {
  const writer = new Writer(4)
  writer.u32(value)
  return writer.finish()
}

const causeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(CauseCode).map(([name, code]) => [
    code,
    name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
  ]),
)

/** A peer's text is shown as it is only where it is text, and no more than a line of it. */
function readText(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes).slice(0, longestText)
  } catch (error) {
    if (error instanceof DecodeError) return 'not UTF-8'
    throw error
  }
}

const longestText = 200
